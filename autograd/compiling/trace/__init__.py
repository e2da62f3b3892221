"""Phase 1: record a function of numbers that are not known yet."""
