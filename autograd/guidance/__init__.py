"""Advice for names of other libraries, and for environments with a conflicting package."""
