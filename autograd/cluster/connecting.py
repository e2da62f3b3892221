"""Connect to workers on this machine, to a scheduler's address, or through an existing client."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from ..locks import collector_paused
from ..ops.operands import is_number
from ..terminal import brief, quoted

if TYPE_CHECKING:
    from distributed import Client

EXTRA = "pip install 'chainwalk[cluster]'"
LONGEST = 1_000_000
"""The longest time in seconds to wait for a scheduler, some days."""


@contextmanager
def connect(
    to: str | Client | None = None,
    *,
    workers: int | None = None,
    memory: str | int | None = None,
    timeout: float = 10.0,
) -> Iterator[Client]:
    """Connect to a cluster, given its scheduler's address or an existing client; yield the client.

    Without an address (or with "local") it starts workers on this machine, by default one process
    for each core, each with its fraction of the memory, or with `memory` bytes each; they are closed
    on exit. A script that does so needs `if __name__ == "__main__":`, since the workers import it.
    `timeout` is the time in seconds to wait for an answer and for the first worker. Everything
    started here listens on 127.0.0.1 only; the README of this folder describes the trust model of a
    cluster, and how to use TLS. An existing client may have a `Security`.

    Raises ImportError without the extra `cluster`, here or on a worker, and if a worker has another
    version of Python or of this library; ConnectionError if no scheduler answers; TypeError if `to`
    is neither an address nor a client; ValueError for a number of workers, a memory or a timeout outside
    its range.

    >>> with connect(workers=2) as client:  # doctest: +SKIP
    ...     len(client.scheduler_info()["workers"])
    2
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ImportError(f"a cluster needs Dask: {EXTRA}") from error
    _check_settings(workers, memory, timeout)
    if isinstance(to, Client):
        check_workers(to, timeout)
        yield to
        return
    if not (to is None or isinstance(to, str)):
        raise TypeError(f"to must be the address of a scheduler, a Client or None, got {quoted(to)}")
    # The collector may find a client that could not connect, whose finalizer waits for the lock that starting
    # or stopping another one holds: for ever, if that happens in the same thread.
    with collector_paused():
        client = _local(workers, memory) if to in (None, "local") else _remote(to, timeout)
    try:
        check_workers(client, timeout)
        yield client
    finally:
        with collector_paused():
            client.close()


def _check_settings(workers: int | None, memory: str | int | None, timeout: float) -> None:
    """Raise ValueError for settings that would start too many processes, or wait for ever or not at all."""
    from dask.utils import parse_bytes

    most = max(64, 4 * (os.cpu_count() or 1))
    if workers is not None and not (type(workers) is int and 1 <= workers <= most):
        raise ValueError(f"workers must be an int from 1 to {most} on this machine, got {quoted(workers)}")
    try:
        enough = memory is None or (not isinstance(memory, bool) and 2**20 <= parse_bytes(memory) < 2**60)
    except (ValueError, TypeError, OverflowError, AttributeError, IndexError):
        enough = False
    if not enough:
        raise ValueError(
            f'memory must be a number of bytes, at least 1 MiB, or a text such as "2 GiB", got {quoted(memory)}'
        )
    if not (is_number(timeout) and 0 < timeout <= LONGEST):
        raise ValueError(
            f"timeout must be a number of seconds, above 0 and at most {LONGEST:,}, got {quoted(timeout)}"
        )


def _local(workers: int | None, memory: str | int | None) -> Client:
    from distributed import Client

    return Client(  # a cluster created by a client is closed with it
        n_workers=workers, threads_per_worker=1, processes=True, memory_limit=memory or "auto",
        host="127.0.0.1", dashboard_address="127.0.0.1:0", worker_dashboard_address=None, protocol="tcp",
    )  # fmt: skip


def _remote(address: str, timeout: float) -> Client:
    from distributed import Client

    try:
        return Client(address, timeout=timeout)
    except (OSError, ValueError) as error:
        raise ConnectionError(
            f"no scheduler answers at {quoted(address)} within {timeout:g} s ({brief(error, 200)}): "
            f"give the address that "
            'it printed when it started, such as "tcp://10.0.0.1:8786"'
        ) from error


def equipment() -> dict[str, str]:
    """Return a worker's versions. Raises ImportError if a dependency is missing."""
    import llvmlite  # noqa: F401
    import numpy  # noqa: F401

    return {"Python": ".".join(platform.python_version_tuple()[:2]), "chainwalk": version("chainwalk")}


def check_workers(client: Client, timeout: float) -> None:
    """Check that every worker has the same versions; raise an error that names one that differs."""
    from distributed import TimeoutError  # in Python 3.10 not the built-in one

    try:
        client.wait_for_workers(1, timeout=timeout)
    except TimeoutError as error:
        raise ConnectionError(
            f"the scheduler {client.scheduler.address} has no worker after {timeout:g} s: start some with "
            f"'dask worker {client.scheduler.address}'"
        ) from error
    here = equipment()
    for address, found in client.run(equipment, on_error="return").items():
        if isinstance(found, BaseException):
            raise ImportError(f"the worker {address} cannot compute ({found}): there, {EXTRA}") from found
        if found != here:
            raise ImportError(
                f"the worker {address} has {found}, the client has {here}: install equal versions"
            )
