"""Phase 3: from expressions to LLVM IR and native code."""
