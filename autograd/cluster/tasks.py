"""Independent tasks on a cluster, in the order in which they finish."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .waiting import PATIENCE, Waiting

if TYPE_CHECKING:
    from distributed import Client


def run_on(client: Client) -> Callable[[Callable[..., Any], Iterable[Any]], Iterator[Any]]:
    """What maps a function over tasks on a cluster and gives each result when it is there.

    >>> list(run_on(client)(len, ["a", "bb"]))  # doctest: +SKIP
    [2, 1]
    """

    def run(function: Callable[..., Any], tasks: Iterable[Any]) -> Iterator[Any]:
        waiting = client.map(function, list(tasks), pure=False)
        watch = Waiting(client)
        while waiting:
            if not _wait(client, waiting):
                watch.look()
            finished = [future for future in waiting if future.done()]
            waiting = [future for future in waiting if future not in finished]
            for future in finished:
                yield future.result()
                future.release()

    return run


def _wait(client: Client, futures: list[Any]) -> bool:
    """Until one of them is finished, or some seconds long: a word of it may get lost on a busy machine."""
    from distributed import TimeoutError, wait  # in Python 3.10 not the built-in one

    with client.as_current(), suppress(TimeoutError):
        wait(futures, timeout=PATIENCE, return_when="FIRST_COMPLETED")
        return True
    return False
