"""A cluster whose parts are processes of their own, so that a test can lose them."""

import os
import re
import subprocess
import sys

import pytest

from tests.helpers import ROOT, assert_becomes_true


@pytest.fixture
def remote(tmp_path):
    """Start a scheduler and a worker; give the address and both processes."""
    from distributed import Client

    started = []

    def start(module, *arguments):
        command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments, "--no-dashboard"]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        with (tmp_path / module).open("wb") as log:  # a pipe that is not read would be full some time
            started.append(subprocess.Popen(command, env=environment, stderr=log))
        return started[-1]

    def said_address():
        return re.search(r"tcp://127[\d.:]+(?=\s)", (tmp_path / "dask_scheduler").read_text())

    scheduler = start("dask_scheduler", "--host", "127.0.0.1", "--port", "0")
    assert_becomes_true(said_address)
    address = said_address()[0]
    worker = start("dask_worker", address, "--no-nanny")
    with Client(address, timeout=120, set_as_default=False) as client:
        client.wait_for_workers(1, timeout=120)
    yield address, scheduler, worker
    for process in started:
        process.kill()
        process.communicate(timeout=60)
