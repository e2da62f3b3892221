"""Import the tools of a package when one of their names is first used."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from ..locks import uninterrupted


def tool(package: str, name: str, tools: Mapping[str, str]) -> Any:
    """Return what a package's `__getattr__` is asked for: a name of a tool, or the module of one.

    `tools` gives the names by module. What is found becomes an attribute of the package, so that it is
    asked for only once. Raises AttributeError for other names, with advice for those of other libraries.

    >>> tool("autograd", "Theme", {"drawing.theme": "THEMES Theme"}).__module__
    'autograd.drawing.theme'
    """
    from importlib import import_module

    for module, names in tools.items():
        if name in names.split():
            with uninterrupted():  # numpy is imported whole, or never again in this process
                found = getattr(import_module(f"{package}.{module}"), name)
            setattr(sys.modules[package], name, found)
            return found
        if name == module.partition(".")[0]:
            with uninterrupted():
                return import_module(f"{package}.{name}")
    from .advice import missing

    raise missing(package, name)
