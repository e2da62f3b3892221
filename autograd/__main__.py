"""Run the command line: `python -m autograd`."""

import sys

from .command_line.main import main

if __name__ == "__main__":
    sys.exit(main())
