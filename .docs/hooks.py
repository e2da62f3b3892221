"""Generate pages from the code: the table of operations, and the page on how it works."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

sys.path.insert(0, str(Path(__file__).parent))

from doctests import fenced

ROOT = Path(__file__).parents[1]


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages, and the pictures of the demos."""
    pages = {
        "reference/operations.md": operations(),
        "how-it-works.md": how_it_works(),
    }
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    for picture in sorted((ROOT / "demos" / "images").iterdir()):
        files.append(File.generated(config, f"images/{picture.name}", content=picture.read_bytes()))
    return files


def operations() -> str:
    """Return the reference of the table: value, partial derivatives and an example of each operation."""
    import autograd

    lines = [
        "# Operations\n",
        "Every operation is one entry of the table `autograd.TABLE`: its value, and one partial derivative for",
        "each operand, in which `out` is the result. Each is a function, `autograd.tanh(x)`, and a method,",
        "`x.tanh()`; `*xs` is a sequence. [Declare an operation](../how-to/own-operation.md) adds one.\n",
    ]
    for name in autograd.TABLE:
        doc = inspect.getdoc(getattr(autograd, name)) or ""
        about, _, rest = doc.partition("\n\n")
        rules, _, example = rest.partition("\n\n")
        lines += [f"## {name}\n", f"{about}\n", f"```text\n{rules}\n```\n", fenced(example), ""]
    lines += ["# Declaring operations\n", "::: autograd.operation\n", "::: autograd.Op\n"]
    return "\n".join(lines)


def how_it_works() -> str:
    """Return the page about the inside, with one generated function printed."""
    from autograd import Value

    text = (ROOT / "autograd" / "README.md").read_text(encoding="utf-8")
    text = re.sub(r"\]\((?!http)[^)]+\)", "]", text).replace("[", "").replace("]", "")
    source = inspect.getsource(Value.__mul__)
    shown = f"`inspect.getsource(Value.__mul__)` shows it:\n\n```python\n{source}```\n"
    return f"{text}\n## One generated function\n\n{shown}"
