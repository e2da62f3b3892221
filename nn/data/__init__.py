"""Data sets: generated, read from files, split and shuffled."""
