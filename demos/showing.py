"""What the demos share: the opening words, in English or in Japanese, and a folder for their pictures."""

import os
import sys
from pathlib import Path


def opening(english: str, japanese: str) -> None:
    """Say what a demo is about; in Japanese with `--ja`, or where the system speaks it."""
    system = next((os.environ[name] for name in ("LC_ALL", "LANG") if os.environ.get(name)), "")
    print(japanese if "--ja" in sys.argv or system.startswith("ja") else english, end="\n\n")


def place(folder: str, name: str) -> Path:
    """Where a picture goes; its folder is there."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder, name)


def saved(figure, folder: str, name: str) -> Path:
    """Save a figure under that name in the folder of the pictures, and give its path."""
    path = place(folder, name)
    figure.savefig(path, dpi=120)
    return path
