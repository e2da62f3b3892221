"""The table of operations: one entry for each, as text, and the meaning of its names."""
