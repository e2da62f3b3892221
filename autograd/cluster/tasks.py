"""Independent tasks on a cluster, in the order in which they finish."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import Client


def run_on(client: Client) -> Callable[[Callable[..., Any], Iterable[Any]], Iterator[Any]]:
    """What maps a function over tasks on a cluster and gives each result when it is there.

    >>> list(run_on(client)(len, ["a", "bb"]))  # doctest: +SKIP
    [2, 1]
    """

    def run(function: Callable[..., Any], tasks: Iterable[Any]) -> Iterator[Any]:
        from distributed import as_completed

        futures = client.map(function, list(tasks), pure=False)
        # Told the loop, or it takes that of the newest client, which may be another one that has failed.
        for future in as_completed(futures, loop=client.loop):
            yield future.result()
            future.release()

    return run
