"""A griffe extension: examples in docstrings, which are doctests, become code blocks."""

from __future__ import annotations

import re
from typing import Any

import griffe

_EXAMPLE = re.compile(r"(?m)^(?P<indent> *)>>> (?:.*\S.*\n?)+")


def fenced(text: str) -> str:
    """Return a docstring with its doctests as fenced code blocks."""

    def fence(match: re.Match[str]) -> str:
        indent = match["indent"]
        return f"{indent}```pycon\n{match.group(0).rstrip()}\n{indent}```\n"

    return _EXAMPLE.sub(fence, text)


class Doctests(griffe.Extension):
    """Fence the doctests of every docstring."""

    def on_instance(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        if obj.docstring:
            obj.docstring.value = fenced(obj.docstring.value)
