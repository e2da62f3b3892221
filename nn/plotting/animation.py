"""Animated GIFs: of any figure, and of the decision boundary after each epoch of training."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd.files import write_atomically
from autograd.terminal import quoted

from ..data.dataset import as_dataset
from ..metrics import are_classes, border
from ..training.history import History
from .plane import Landscape, Model, draw_points, draw_regions, landscape
from .style import INK, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Film:
    """An animated GIF of a figure that changes.

    >>> from nn.plotting.style import new_figure
    >>> figure, axes = new_figure(width=2, height=1)
    >>> animation = Film(figure)
    >>> for k in range(3):
    ...     line = axes.plot([0, k], color="black")
    ...     animation.add()
    >>> animation
    Film(3 frames)
    """

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        self.frames: list[Any] = []

    def add(self) -> None:
        """Add the figure as a frame; the first frame fixes the positions of its axes."""
        import numpy  # a dependency of matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        canvas: Any = FigureCanvasAgg(self.figure)
        canvas.draw()
        self.figure.set_layout_engine("none")
        self.frames.append(numpy.asarray(canvas.buffer_rgba())[:, :, :3].copy())

    def save(self, path: str | os.PathLike[str], *, seconds: float = 0.15, hold: float = 2.0) -> Path:
        """Write the frames to a GIF: `seconds` for each, and `hold` for the last one; return the path.

        Raises ValueError if there are no frames or the path does not end in .gif, OSError if it cannot
        be written, and ImportError, naming the extra, without pillow.
        """
        target = Path(path)
        if target.suffix.lower() != ".gif":
            raise ValueError(f"an animation must be saved as .gif, got {quoted(target.suffix or target.name)}")
        try:
            from PIL import Image
        except ImportError as error:
            raise ImportError("animations need pillow: pip install 'chainwalk[animate,plot]'") from error
        if not self.frames:
            raise ValueError("an animation needs at least one frame")
        first, *others = [Image.fromarray(each).quantize(64, dither=Image.Dither.NONE) for each in self.frames]
        durations = [round(1000 * seconds)] * len(others) + [round(1000 * hold)]
        content = io.BytesIO()
        first.save(
            content, "GIF", save_all=True, append_images=others, duration=durations, loop=0, optimize=True
        )
        return write_atomically(target, content.getvalue())

    def __repr__(self) -> str:
        return f"Film({len(self.frames)} frames)"


class BoundaryFilm:
    """A callback for `fit` that records the model's outputs over the plane, for an animation.

    It records a frame before the training and after every `every` epochs; `resolution` and `threshold`
    are those of `plot_decision_boundary`. Raises ValueError as that does, and for `every` below 1.

    >>> import random
    >>> from nn import MLP, fit, moons
    >>> rng = random.Random(0)
    >>> model, data = MLP(2, [1], rng=rng), moons(10, rng=rng)
    >>> animation = BoundaryFilm(model, data, resolution=5)
    >>> _ = fit(model, data, "hinge", epochs=3, rng=rng, callbacks=[animation])
    >>> animation
    BoundaryFilm(4 frames)
    """

    def __init__(
        self, model: Model, data: Any, *, every: int = 1, resolution: int = 40, threshold: float | None = None
    ) -> None:
        if every < 1:
            raise ValueError(f"every must be a number of epochs, 1 or more, got {quoted(every)}")
        self.model: Model = model
        self.data: Any = as_dataset(data)
        self.every: int = every
        self.resolution = resolution
        self.frames: list[tuple[str, Landscape]] = []
        self._record("before training")
        self.threshold: float = border(model, self.data.inputs[0]) if threshold is None else threshold

    def __call__(self, epoch: int, history: History) -> None:
        """Record a frame, if one is due."""
        if (epoch + 1) % self.every == 0:
            self._record(f"epoch {epoch + 1}   loss {history.losses[-1]:.4f}")

    def save(self, path: str | os.PathLike[str], *, seconds: float = 0.15, hold: float = 2.0) -> Path:
        """Write the frames to a GIF: `seconds` for each, and `hold` for the last one; return the path.

        Raises ValueError for another suffix, OSError if the file cannot be written, and ImportError,
        naming the extra, without matplotlib or pillow.
        """
        first = self.frames[0][1]
        shape = (first.ys[-1] - first.ys[0]) / (first.xs[-1] - first.xs[0])
        figure, axes = new_figure(width=5.0, height=max(2.0, min(8.0, round(4.2 * shape + 0.9, 1))))
        animation = Film(figure)
        several = len(first.heights) > 1
        draw_points(axes, self.data, several and are_classes(self.data.targets, len(first.heights)))
        for title, found in self.frames:
            fixed = list(axes.collections)
            draw_regions(axes, found, self.threshold)
            axes.set_title(title, color=INK, loc="left", fontsize=11)
            animation.add()
            for region in [each for each in axes.collections if each not in fixed]:
                region.remove()
        return animation.save(path, seconds=seconds, hold=hold)

    def _record(self, title: str) -> None:
        self.frames.append((title, landscape(self.model, self.data, self.resolution)))

    def __repr__(self) -> str:
        return f"BoundaryFilm({len(self.frames)} frames)"
