"""Answers for people who come from other libraries, and for environments that clash."""
