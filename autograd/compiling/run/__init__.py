"""Phase 4: run native code on arrays."""
