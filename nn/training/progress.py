"""A progress bar for training: on a terminal, where rich is installed, and quiet elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .history import History

Report = Callable[[History], None]


@contextmanager
def progress_bar(epochs: int, wanted: bool | None, done: int = 0) -> Iterator[Report]:
    """A progress bar that is told the history after each epoch; None wants one on a terminal with rich.

    `done` epochs are behind it already. Raises ImportError where one is wanted without rich.

    >>> with progress_bar(10, wanted=False) as report:
    ...     report(History())
    """
    # A program without a console has no stderr at all.
    if not (wanted or (wanted is None and sys.stderr is not None and sys.stderr.isatty())):
        yield lambda _: None
        return
    try:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
        from rich.table import Column
    except ImportError as error:
        if wanted:
            raise ImportError("a progress bar needs rich: pip install 'chainwalk[progress]'") from error
        yield lambda _: None
        return
    columns = (TextColumn("training"), BarColumn(bar_width=20), MofNCompleteColumn(), TimeRemainingColumn())
    # On a narrow terminal the words are cut, not the bar.
    told = TextColumn("{task.fields[told]}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"))
    with Progress(*columns, told, console=Console(stderr=True), expand=True) as bar:
        task = bar.add_task("", total=epochs, completed=done, told="")
        yield lambda history: bar.update(task, completed=len(history.epochs), told=_told(history))


def _told(history: History) -> str:
    """The last epoch in a few words."""
    last = history.epochs[-1]
    words = [f"loss {last.loss:.4f}"]
    if last.validation_loss is not None:
        words.append(f"validation {last.validation_loss:.4f}")
    shown = {**last.metrics, **{f"validation {name}": x for name, x in last.validation_metrics.items()}}
    return "  ".join([*words, *(f"{name} {_number(name, x)}" for name, x in shown.items())])


def _number(name: str, number: float) -> str:
    return f"{number:.1%}" if name.endswith("accuracy") else f"{number:.4f}"
