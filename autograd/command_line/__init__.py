"""The command line: its commands, and the parser of expressions."""
