"""Plugins for pytest and hypothesis, loaded by them when chainwalk is installed."""
