"""Run independent tasks on a cluster and yield the results as they complete."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .waiting import PATIENCE, Waiting

if TYPE_CHECKING:
    from distributed import Client


def run_on(client: Client) -> Callable[[Callable[..., Any], Iterable[Any]], Iterator[Any]]:
    """Return a function that maps over tasks on a cluster and yields each result as it completes.

    >>> list(run_on(client)(len, ["a", "bb"]))  # doctest: +SKIP
    [2, 1]
    """

    def run(function: Callable[..., Any], tasks: Iterable[Any]) -> Iterator[Any]:
        waiting = client.map(function, list(tasks), pure=False)
        watch = Waiting(client)
        while waiting:
            if not _wait(client, waiting):
                watch.check()
            finished = [future for future in waiting if future.done()]
            waiting = [future for future in waiting if future not in finished]
            for future in finished:
                yield future.result()
                future.release()

    return run


def _wait(client: Client, futures: list[Any]) -> bool:
    """Wait for the first result, at most `PATIENCE` seconds: a completion message can get lost."""
    from distributed import TimeoutError, wait  # in Python 3.10 not the built-in one

    with client.as_current(), suppress(TimeoutError):
        wait(futures, timeout=PATIENCE, return_when="FIRST_COMPLETED")
        return True
    return False
