"""A cluster whose parts are processes of their own, so that a test can lose them."""

import os
import re
import subprocess
import sys

import pytest

from tests.helpers import ROOT


@pytest.fixture
def remote():
    """Start a scheduler and a worker; give the address and both processes."""
    from distributed import Client

    started = []

    def start(module, *arguments):
        command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments, "--no-dashboard"]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        started.append(subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True))
        return started[-1]

    scheduler = start("dask_scheduler", "--host", "127.0.0.1", "--port", "0")
    address = next(re.search(r"tcp://127[\d.:]+", line) for line in scheduler.stderr if "tcp://127" in line)[0]
    worker = start("dask_worker", address, "--no-nanny")
    with Client(address, timeout=120, set_as_default=False) as client:
        client.wait_for_workers(1, timeout=120)
    yield address, scheduler, worker
    for process in started:
        process.kill()
        process.communicate(timeout=60)
