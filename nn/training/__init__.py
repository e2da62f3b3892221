"""Training: the loop, what it needs before it begins, and what it records."""
