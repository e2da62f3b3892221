"""The colours: readable as text, distinct with colour blindness, and in grey by dashes and words."""

import itertools

import pytest

from autograd.drawing.theme import DARK, LIGHT

# Machado, Oliveira and Fernandes, A physiologically-based model for simulation of color vision
# deficiency (2009), severity 1, on linear RGB.
VISIONS = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
TO_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
WHITE = (0.9505, 1.0, 1.089)


def linear(colour):
    parts = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def times(matrix, vector):
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def luminance(colour):
    return times(TO_XYZ, linear(colour))[1]


def contrast(one, other):
    """WCAG 2: 4.5 is enough for text, 3 for lines."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def lab(colour, vision):
    seen = [min(1.0, max(0.0, part)) for part in times(VISIONS[vision], linear(colour))]
    x, y, z = (part / white for part, white in zip(times(TO_XYZ, seen), WHITE, strict=True))
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def difference(one, other, vision):
    """CIE 1976: about 2 is just visible, 20 is plainly another colour."""
    pairs = zip(lab(one, vision), lab(other, vision), strict=True)
    return sum((a - b) ** 2 for a, b in pairs) ** 0.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_is_readable_on_its_background(theme):
    pairs = [(theme.badge_text, theme.badge)]
    pairs += itertools.product([theme.ink, theme.mute], [theme.paper, theme.node, theme.leaf, theme.group])
    for sign in ("pos", "neg", "zero", "size"):
        text = getattr(theme, f"text_{sign}")
        pairs += [(text, getattr(theme, f"tint_{sign}")), (text, theme.paper), (text, theme.group)]
    assert {
        (text, behind): contrast(text, behind) for text, behind in pairs if contrast(text, behind) < 4.5
    } == {}


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_lines_stand_out_from_the_paper(theme):
    lines = (theme.pos, theme.neg, theme.zero, theme.size)
    assert min(contrast(line, theme.paper) for line in lines) >= 3
    assert min(contrast(line, theme.paper) for line in (theme.past_pos, theme.past_neg)) >= 2


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_signs_and_the_present_step_differ_in_every_colour_vision(theme, vision):
    for pair in [("pos", "neg"), ("text_pos", "text_neg"), ("past_pos", "past_neg"), ("pos", "now")]:
        one, other = (getattr(theme, name) for name in pair)
        assert difference(one, other, vision) > 20, pair
    assert difference(theme.tint_pos, theme.tint_neg, vision) > 5
