"""Record a training to play it in a page: losses, errors, and the parameters after some updates."""

from __future__ import annotations

import base64
import os
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsIndex

from autograd.terminal import quoted

if TYPE_CHECKING:
    from .playground import Playground


class Recording:
    """A record of a training, update by update, made by `fit(..., record=...)`; a page can play it.

    The parameters of at most `most` updates are kept: of a longer run those of every second, every
    fourth ... update, and always the first and the last. Raises ValueError for `most` below 2.

    >>> from nn import MLP, fit, moons
    >>> recording = Recording()
    >>> history = fit(MLP(2, [3, 1], rng=0), moons(20, rng=0), epochs=5, rng=0, record=recording)
    >>> recording
    Recording(5 updates, loss 1.2188 -> 0.8730)
    """

    def __init__(self, most: int = 300) -> None:
        if isinstance(most, bool) or not isinstance(most, SupportsIndex) or most.__index__() < 2:
            raise ValueError(f"most must be an int of at least 2, got {quoted(most)}")
        self.most = most.__index__()
        self.losses: list[float] = []
        """The loss of the batch before each update."""
        self.errors: dict[str, list[float]] = {}
        """The gradient norms of each layer, one for each update."""
        self._kept: list[tuple[int, array[float]]] = []
        self._stride = 1
        self._last: array[float] | None = None
        self._made: tuple[Any, Any, Any] | None = None

    def begin(self, model: Any, data: Any, loss: Any) -> None:
        """Start again, with the parameters as they are before the first update."""
        self._made = model, data, loss
        self.losses, self.errors, self._stride = [], {}, 1
        self._kept = [(0, _numbers(model))]

    def add(self, loss: float, errors: Mapping[str, float]) -> None:
        """Record one update: the loss before it, the gradient norms, the parameters after it."""
        if self._made is None:
            raise ValueError("the recording has not begun: pass it to fit(..., record=recording)")
        self.losses.append(float(loss))
        for name, length in errors.items():
            self.errors.setdefault(name, []).append(float(length))
        self._last = _numbers(self._made[0])
        if len(self.losses) % self._stride == 0:
            self._kept.append((len(self.losses), self._last))
        if len(self._kept) > self.most:
            self._kept = self._kept[::2]
            self._stride *= 2

    def content(self) -> dict[str, Any]:
        """Return the data for a page, with the parameters in float32 as base64.

        >>> sorted(Recording().content())
        ['errors', 'losses', 'parameters', 'updates']
        """
        kept = list(self._kept)
        if self._last is not None and kept[-1][0] != len(self.losses):
            kept.append((len(self.losses), self._last))
        numbers = array("f", [number for _, numbers in kept for number in numbers])
        return {
            "updates": [number for number, _ in kept],
            "parameters": base64.b64encode(numbers.tobytes()).decode(),
            "losses": _thinned(self.losses),
            "errors": {name: _thinned(lengths) for name, lengths in self.errors.items()},
        }

    def playground(
        self,
        *,
        features: Sequence[str] = ("x1", "x2"),
        source: str = "",
        noise: float = 0.1,
        seed: int = 0,
        theme: str = "auto",
    ) -> Playground:
        """Return the page that plays the training; the options are those of `nn.playground`.

        Raises ValueError if nothing is recorded.
        """
        from .playground import playground

        if self._made is None:
            raise ValueError("nothing is recorded yet: pass the recording to fit(..., record=recording)")
        model, data, loss = self._made
        return playground(
            model, data, loss=loss, record=self,
            features=features, source=source, noise=noise, seed=seed, theme=theme,
        )  # fmt: skip

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        features: Sequence[str] = ("x1", "x2"),
        source: str = "",
        noise: float = 0.1,
        seed: int = 0,
        theme: str = "auto",
    ) -> Path:
        """Save the page that plays the training as an .html file; return the path."""
        page = self.playground(features=features, source=source, noise=noise, seed=seed, theme=theme)
        return page.save(path)

    def __repr__(self) -> str:
        if not self.losses:
            return "Recording(nothing yet)"
        return f"Recording({len(self.losses)} updates, loss {self.losses[0]:.4f} -> {self.losses[-1]:.4f})"


def _numbers(model: Any) -> array[float]:
    return array("d", [value.data for value in model.parameters()])


def _thinned(numbers: Sequence[float], most: int = 1_000) -> list[list[float]]:
    """Return pairs of update and number, at most about `most`, including the last."""
    stride = max(1, -(-len(numbers) // most))
    chosen = {*range(0, len(numbers), stride), len(numbers) - 1} if numbers else set()
    return [[k + 1, float(f"{numbers[k]:.6g}")] for k in sorted(chosen)]
