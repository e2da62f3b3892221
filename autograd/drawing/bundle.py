"""Bundle the page's JavaScript modules into one script, which is inlined in a page."""

from __future__ import annotations

import re
from pathlib import Path

PLAYER = Path(__file__).parent / "player"
"""The folder of the page's JavaScript."""
_IMPORT = re.compile(r'(?m)^import \{([^}]*)\} from "\.{1,2}/(?:player/)?([\w/]+\.js)";\n')
_EXPORT = re.compile(r"(?m)^export (?:const|let|function\*?|class|async function) (\w+)")


def bundled(main: str, made: dict[str, str], *folders: Path) -> str:
    """Return a module and all that it imports, as one script without imports and exports.

    Each module becomes a function that is called once, whose exported names are visible to the later
    ones; other names stay private. `made` maps names to generated modules; the others are read from
    `folders`, and then from the player's. Raises ValueError if two modules export the same name, and
    if a name is imported that its module does not export.
    """
    texts: dict[str, str] = {}
    order: list[str] = []
    exported: dict[str, str] = {}

    def visit(name: str) -> None:
        if name in texts:
            return
        texts[name] = made[name] if name in made else _read(name, folders)
        needed = _IMPORT.findall(texts[name])
        for _, module in needed:
            visit(module)
        for names, module in needed:
            for each in filter(None, map(str.strip, names.split(","))):
                if exported.get(each) != module:
                    raise ValueError(f"{name} imports {each}, which {module} does not export")
        for each in _EXPORT.findall(texts[name]):
            if each in exported:
                raise ValueError(f"{each} is exported by {exported[each]} and by {name}")
            exported[each] = name
        order.append(name)

    visit(main)
    return '"use strict";\n(() => {\n' + "".join(_module(name, texts[name]) for name in order) + "})();\n"


def _read(name: str, folders: tuple[Path, ...]) -> str:
    for folder in (*folders, PLAYER):
        if (folder / name).is_file():
            return (folder / name).read_text(encoding="utf-8")
    raise FileNotFoundError(f"no module {name} in {', '.join(map(str, (*folders, PLAYER)))}")


def _module(name: str, text: str) -> str:
    exports = ", ".join(_EXPORT.findall(text))
    inside = re.sub(r"(?m)^export ", "", _IMPORT.sub("", text)).strip()
    return f"// {name}\nconst {{ {exports} }} = (() => {{\n{inside}\nreturn {{ {exports} }};\n}})();\n"
