"""A cluster accepts no connections from outside, and one that fails is an error in bounded time."""

import os
import random
import re
import signal
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="no Dask here: pip install 'chainwalk[cluster]'")

from autograd import cluster
from autograd.cluster import waiting
from nn import MLP, Checkpoint, Dataset, fit

pytestmark = pytest.mark.cluster
linux = pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="ports are read from /proc")
DATA = Dataset([[0.0, 1.0], [1.0, 0.0]] * 10, [0.0, 1.0] * 10)


def listening(processes):
    """The addresses that some processes listen on, in the kernel's hexadecimal letters."""
    sockets = set()
    for process in processes:
        for link in Path(f"/proc/{process}/fd").iterdir():
            try:
                found = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(link))
            except OSError:
                continue
            if found:
                sockets.add(found[1])
    lines = [
        line.split()
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        if Path(table).exists()
        for line in Path(table).read_text().splitlines()[1:]
    ]
    return {line[1].split(":")[0] for line in lines if line[3] == "0A" and line[9] in sockets}


@linux
def test_nothing_of_a_cluster_on_this_machine_listens_beyond_it():
    with cluster.connect(workers=1, timeout=300) as client:
        mine = [os.getpid(), *client.run(os.getpid).values(), *client.run(os.getppid).values()]
        found = listening(mine)
        assert client.scheduler.address.startswith("tcp://127.0.0.1:")
        assert client.dashboard_link.startswith("http://127.0.0.1:")
    assert found == {"0100007F"}


def model():
    return MLP(2, [2, 1], rng=random.Random(0))


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("victim", "number", "message"),
    [
        (1, "SIGKILL", r"the scheduler tcp://127\S+ is gone"),
        (1, "SIGSTOP", "the scheduler has not answered for 1 s"),
        (2, "SIGKILL", "has had no worker for 1 s"),
    ],
)
def test_a_cluster_that_is_lost_in_the_middle_of_training_is_an_error_soon_and_the_checkpoint_is_whole(
    remote, tmp_path, monkeypatch, victim, number, message
):
    path = tmp_path / "run.json"
    checks, check = [], waiting.Waiting.check

    def strike(epoch, history):
        if epoch == 2:
            monkeypatch.setattr(waiting, "LIMIT", 1.0)  # before, a busy machine has all the time it needs
            remote[victim].send_signal(getattr(signal, number))
            monkeypatch.setattr(waiting.Waiting, "check", lambda self: (checks.append(self), check(self)))

    with pytest.raises(ConnectionError, match=message):
        fit(
            model(), DATA, "mse_loss", epochs=50, rng=random.Random(0), client=remote[0], checkpoint=path,
            callbacks=[strike],
        )  # fmt: skip
    assert len(checks) <= 4  # of PATIENCE seconds each
    done = len(Checkpoint(path)._read()["history"]["state"]["epochs"])
    assert 2 <= done < 50
    history = fit(model(), DATA, "mse_loss", epochs=done + 1, rng=random.Random(0), checkpoint=path)
    assert len(history.losses) == done + 1


class Silent:
    """A client whose scheduler says what the workers are doing."""

    def __init__(self, *statuses):
        self.statuses = list(statuses)

    def scheduler_info(self, n_workers):
        return {"workers": {str(k): {"status": status} for k, status in enumerate(self.statuses)}}


def test_workers_that_are_all_out_of_memory_are_an_error_and_one_that_goes_on_is_none():
    waiting.Waiting(Silent("paused", "running"), limit=0.0).check()
    with pytest.raises(MemoryError, match="all 2 workers have been out of memory"):
        waiting.Waiting(Silent("paused", "paused"), limit=0.0).check()
    with pytest.raises(ConnectionError, match="has had no worker for 0 s: start some with 'dask worker'"):
        waiting.Waiting(Silent(), limit=0.0).check()
    with pytest.raises(ConnectionError, match="the scheduler has not answered for 0 s"):
        waiting.Waiting(object(), limit=0.0).check()
    patient = waiting.Waiting(Silent("paused"), limit=1e9)
    patient.check()
    patient.check()
