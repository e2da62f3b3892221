"""Plugins for pytest and hypothesis."""
