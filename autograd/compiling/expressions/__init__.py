"""Phase 2: from the trace to expressions, their derivatives, and the loops among them."""
