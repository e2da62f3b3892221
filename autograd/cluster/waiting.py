"""Waiting for results in bounded time: a cluster that cannot go on is an error, not silence."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import Client

PATIENCE = 5.0
"""Seconds between two looks at the cluster while nothing has finished."""
LIMIT = 60.0
"""Seconds for which it may be unable to go on: without workers, with all of them out of memory, or silent."""


class Waiting:
    """One wait for results; `look` raises where the cluster has been unable to go on for too long."""

    def __init__(self, client: Client, limit: float | None = None) -> None:
        self.client, self.limit = client, LIMIT if limit is None else limit
        self._since: float | None = None

    def look(self) -> None:
        """Raise ConnectionError without a scheduler or workers, MemoryError where all are out of memory."""
        workers = self._workers()
        if workers and any(status != "paused" for status in workers):
            self._since = None
            return
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        if now - self._since < self.limit:
            return
        if workers is None:
            raise ConnectionError(f"the scheduler has not answered for {self.limit:g} s")
        if not workers:
            raise ConnectionError(
                f"the cluster has had no worker for {self.limit:g} s: start some with 'dask worker', or see "
                "what ended them"
            )
        raise MemoryError(
            f"all {len(workers)} workers have been out of memory for {self.limit:g} s: give them more, keep "
            "fewer rows on them (keep= of a folder), or start more workers"
        )

    def _workers(self) -> list[str] | None:
        """The status of each worker; None where the scheduler does not answer."""
        found: list[list[str]] = []

        def ask() -> None:
            with suppress(Exception):  # of a connection that is about to be lost
                workers = self.client.scheduler_info(n_workers=-1)["workers"]
                found.append([str(worker.get("status", "running")) for worker in workers.values()])

        thread = Thread(target=ask, daemon=True)
        thread.start()
        thread.join(PATIENCE)
        return found[0] if found else None


def gathered(client: Client, futures: Sequence[Any]) -> list[Any]:
    """The results of some tasks, in their order.

    Raises what a task raised; ConnectionError where the scheduler is gone or has no workers,
    MemoryError where the workers are out of memory, both after `LIMIT` seconds at most.
    """
    waiting = Waiting(client)
    while not _all_done(client, futures):
        waiting.look()
    return list(client.gather(list(futures)))


def _all_done(client: Client, futures: Sequence[Any]) -> bool:
    """Wait for some seconds, and give whether all tasks are done."""
    from distributed import TimeoutError, wait  # in Python 3.10 not the built-in one

    try:
        with client.as_current():
            wait(list(futures), timeout=PATIENCE)
    except TimeoutError:
        return False
    except (CancelledError, asyncio.CancelledError) as error:
        address = client.scheduler.address if client.scheduler else ""
        raise ConnectionError(
            f"the scheduler {address} is gone, and the results with it: start it again, and call this again"
        ) from error
    return True
