"""Detect HIPS autograd, an unrelated package of the same import name, in the same environment."""

from __future__ import annotations

import os
import sys

_FOREIGN = "tracer.py"
"""A file of HIPS autograd that this library does not have."""
_WAY_OUT = (
    "Keep the two in separate environments; to repair this one: pip uninstall -y autograd chainwalk, then "
    "install chainwalk again"
)


def clash() -> str:
    """Return a message if another package has put files into this one; else "".

    It checks for a single file, so that it can run at each import.

    >>> clash()
    ''
    """
    folder = os.path.dirname(os.path.dirname(__file__))
    if os.path.exists(os.path.join(folder, _FOREIGN)):
        return (
            f"HIPS autograd is installed in the same folder, {folder}: the two overwrite each other. {_WAY_OUT}"
        )
    return ""


def replaced() -> str:
    """Return a message if `import autograd` gives another package; else "".

    Installing or uninstalling either of the two overwrites or removes the other's `autograd/__init__.py`.

    >>> replaced()
    ''
    """
    package = sys.modules.get("autograd")
    if hasattr(package, "Value"):
        return ""
    place = getattr(package, "__file__", None)
    what = f"is another package ({place})" if place else "is incomplete: it has no __init__.py"
    return f"the package autograd here {what}, as after HIPS autograd is installed or removed. {_WAY_OUT}"
