"""The table of operations: one entry each, as text, and what the names in it mean."""
