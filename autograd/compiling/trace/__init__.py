"""Phase 1: trace a function, its arguments and its captures."""
