"""Wait for results in bounded time: a stalled cluster raises an error."""

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
"""Seconds between two health checks of the cluster while no task finishes."""
LIMIT = 60.0
"""Seconds that the cluster may be stalled: without workers, out of memory, or without an answer."""


class Waiting:
    """One wait for results; `check` raises if the cluster has been stalled for too long."""

    def __init__(self, client: Client, limit: float | None = None) -> None:
        self.client, self.limit = client, LIMIT if limit is None else limit
        self._since: float | None = None

    def check(self) -> None:
        """Raise ConnectionError without scheduler or workers, MemoryError if all workers are out of memory."""
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
                f"the cluster has had no worker for {self.limit:g} s: start some with 'dask worker', or check "
                "why they ended"
            )
        raise MemoryError(
            f"all {len(workers)} workers have been out of memory for {self.limit:g} s: give them more, keep "
            "fewer rows on them (keep= of a folder), or start more workers"
        )

    def _workers(self) -> list[str] | None:
        """Return the status of each worker; None if the scheduler does not answer."""
        found: list[list[str]] = []

        def ask() -> None:
            with suppress(Exception):  # the connection may be about to close
                workers = self.client.scheduler_info(n_workers=-1)["workers"]
                found.append([str(worker.get("status", "running")) for worker in workers.values()])

        thread = Thread(target=ask, daemon=True)
        thread.start()
        thread.join(PATIENCE)
        return found[0] if found else None


def gathered(client: Client, futures: Sequence[Any]) -> list[Any]:
    """Return the results of some tasks, in order.

    Re-raises the exception of a failed task. Raises ConnectionError if the scheduler is gone or has no
    workers, MemoryError if all workers are out of memory, both after `LIMIT` seconds at most.
    """
    waiting = Waiting(client)
    while not _all_done(client, futures):
        waiting.check()
    return list(client.gather(list(futures)))


def _all_done(client: Client, futures: Sequence[Any]) -> bool:
    """Wait for `PATIENCE` seconds at most and return whether all tasks are done."""
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
