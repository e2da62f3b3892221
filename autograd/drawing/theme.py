"""The colours of pictures and pages: light and dark, readable with colour blindness and in grey."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..terminal import quoted


class Theme(NamedTuple):
    """A colour for each role; `pos`, `neg` and `zero` mark a sign, `size` a norm, which has none.

    >>> LIGHT._replace(pos="#005A9C").pos
    '#005A9C'
    """

    paper: str
    node: str
    leaf: str
    ink: str
    mute: str
    line: str
    badge: str
    badge_text: str
    now: str
    """The current step."""
    pos: str
    neg: str
    zero: str
    size: str
    past_pos: str
    """`past_` colours are those of earlier steps, while a later one is shown."""
    past_neg: str
    past_zero: str
    past_size: str
    text_pos: str
    text_neg: str
    text_zero: str
    text_size: str
    tint_pos: str
    tint_neg: str
    tint_zero: str
    tint_size: str
    group: str
    """The background of the nodes of one neuron or layer."""
    font: str = "Arial"
    """Has the widths of Helvetica, for which dot would substitute a wider font where it is not installed."""
    points: int = 11
    """The font size of ordinary text in points; all other sizes are proportional."""


LIGHT = Theme(
    paper="#FFFFFF", node="#FFFFFE", leaf="#F5F7FA", ink="#1F2933", mute="#52606D", line="#9AA5B1",
    badge="#3E4C59", badge_text="#FFFFFD", now="#E69F00", pos="#0072B2", neg="#D55E00", zero="#7B8794",
    size="#5B6875", past_pos="#66AAD1", past_neg="#E69E66", past_zero="#B0B7BF", past_size="#9DA6AF",
    text_pos="#005B8F", text_neg="#A63F00", text_zero="#52606C", text_size="#3A4753",
    tint_pos="#DCEBF5", tint_neg="#FBE6DB", tint_zero="#EEF1F4", tint_size="#E4E8EC", group="#F8FAFC",
)  # fmt: skip
DARK = Theme(
    paper="#12171D", node="#1B222B", leaf="#222B35", ink="#E4E7EB", mute="#9AA5B1", line="#616E7C",
    badge="#CBD2D9", badge_text="#12171E", now="#F0C000", pos="#56B4E9", neg="#FF9152", zero="#9AA5B2",
    size="#A8B3BE", past_pos="#3B7394", past_neg="#A0613D", past_zero="#646C76", past_size="#6C757F",
    text_pos="#7CC6F0", text_neg="#FFA873", text_zero="#9AA5B0", text_size="#C3CCD5",
    tint_pos="#16344A", tint_neg="#47291A", tint_zero="#232B35", tint_size="#2A333D", group="#171D24",
)  # fmt: skip
# Within a theme every role has a distinct colour, even if it differs from another by one step: so a
# picture drawn in one theme can be recoloured, role by role, without another layout.


def colours_of(theme: Theme) -> dict[str, str]:
    """Return the colours of a theme by their roles."""
    return {name: value for name, value in theme._asdict().items() if name not in ("font", "points")}


def checked(theme: str | Theme | None) -> str | Theme | None:
    """Return a theme if it is valid. Raises ValueError for an unknown name, a wrong colour, font or size."""
    if theme is None or (isinstance(theme, str) and theme in THEMES):
        return theme
    if not isinstance(theme, Theme):
        raise ValueError(f"theme must be one of {', '.join(THEMES)}, or a Theme, got {quoted(theme)}")
    for name, colour in colours_of(theme).items():
        if not re.fullmatch("#[0-9a-fA-F]{6}", str(colour)):
            raise ValueError(
                f"{name} of a theme must be a colour such as {getattr(LIGHT, name)}, got {quoted(colour)}"
            )
    if not re.fullmatch(r"[\w ,-]{1,80}", theme.font):
        raise ValueError(f"font of a theme must be the name of a font, got {quoted(theme.font)}")
    if not 4 <= theme.points <= 72:
        raise ValueError(f"points of a theme must be from 4 to 72, got {quoted(theme.points)}")
    return theme


def repaintable(theme: str | Theme) -> Theme:
    """Return the theme for drawing a picture that is recoloured later: the light one in the same font."""
    return LIGHT._replace(font=theme.font, points=theme.points) if isinstance(theme, Theme) else LIGHT


def variables(theme: Theme) -> str:
    """Return the theme as CSS custom properties.

    >>> variables(LIGHT)[:32]
    '--paper:#FFFFFF;--node:#FFFFFE;-'
    """
    return "".join(f"--{name.replace('_', '-')}:{colour};" for name, colour in colours_of(theme).items())


def repainted(svg: str) -> str:
    """Replace each colour of the light theme in an SVG by a CSS variable.

    >>> repainted('<text fill="#1f2933">')
    '<text fill="var(--ink)">'
    """
    for name, colour in colours_of(LIGHT).items():
        for spelling in (colour, colour.lower()):
            svg = svg.replace(f'"{spelling}"', f'"var(--{name.replace("_", "-")})"')
    return svg


def automatic(svg: str) -> str:
    """Return the SVG with both themes, selected by the viewer's preference for light or dark."""
    style = (
        f"<style>:root{{{variables(LIGHT)}}}"
        f"@media(prefers-color-scheme:dark){{:root{{{variables(DARK)}}}}}</style>"
    )
    head, svg_tag, rest = repainted(svg).partition("<svg")
    opening, close, body = rest.partition(">")
    return f"{head}{svg_tag}{opening}{close}\n{style}{body}"


THEMES = {"light": LIGHT, "dark": DARK, "auto": LIGHT}
