"""The command line: its commands, and the expressions that they read."""
