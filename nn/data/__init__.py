"""Data sets: made, read from files, split and shuffled."""
