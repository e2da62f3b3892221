"""Helpers of the demos: the introduction, in English or in Japanese, and a folder for pictures."""

import os
import sys
from pathlib import Path


def opening(english: str, japanese: str) -> None:
    """Print the introduction of a demo; in Japanese with `--ja` or a Japanese locale."""
    system = next((os.environ[name] for name in ("LC_ALL", "LANG") if os.environ.get(name)), "")
    print(japanese if "--ja" in sys.argv or system.startswith("ja") else english, end="\n\n")


def place(folder: str, name: str) -> Path:
    """Return the path of a picture, and create its folder."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder, name)


def saved(figure, folder: str, name: str) -> Path:
    """Save a figure in the folder of the pictures, and return its path."""
    path = place(folder, name)
    figure.savefig(path, dpi=120)
    return path
