"""A network that is slow, silent or cut between the client and the scheduler."""

import gc
import random
import socket
import threading
import time
from contextlib import suppress

import pytest

distributed = pytest.importorskip("distributed", reason="no Dask here: pip install 'chainwalk[cluster]'")

from autograd.cluster import connect, waiting
from nn import MLP, Checkpoint, Dataset, fit
from tests.helpers import parameter_values

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
DATA = Dataset([[0.0, 1.0], [1.0, 0.0]] * 10, [0.0, 1.0] * 10)


class Network:
    """A proxy in front of an address, which passes bytes on until it is told otherwise."""

    def __init__(self, host, port):
        self.to, self.pass_on, self.pairs = (host, port), lambda data: data, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        try:
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.to)
                self.pairs += [client, server]
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self.carry, args=pair, daemon=True).start()
        except OSError:  # closed
            return

    def carry(self, source, target):
        try:
            while data := source.recv(1 << 16):
                if data := self.pass_on(data):
                    target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            end.close()

    def cut(self):
        """Refuse new connections, and end those that there are."""
        self.listener.close()
        for end in self.pairs:
            with suppress(OSError):  # closed already
                end.shutdown(socket.SHUT_RDWR)


def slow(data):
    time.sleep(0.01)
    return data


@pytest.fixture
def network(remote):
    """A network in front of a scheduler with one worker."""
    host, port = remote[0].removeprefix("tcp://").split(":")
    between = Network(host, int(port))
    yield between
    between.cut()


def trained(epochs, **options):
    model = MLP(2, [2, 1], rng=random.Random(0))
    fit(model, DATA, "mse_loss", epochs=epochs, rng=random.Random(0), **options)
    return parameter_values(model)


def test_training_over_a_slow_network_gives_the_same_bits(network, client):
    expected = trained(4, client=client)
    network.pass_on = slow
    assert trained(4, client=network.address) == expected


@pytest.mark.parametrize("fault", ["silent", "cut"])
def test_a_network_that_fails_in_the_middle_of_training_is_an_error_soon_and_the_checkpoint_is_whole(
    fault, network, tmp_path, monkeypatch
):
    path = tmp_path / "run.json"

    def strike(epoch, history):
        if epoch == 2:  # before, a busy machine has all the time it needs
            monkeypatch.setattr(waiting, "LIMIT", 1.0)
        if epoch == 2 and fault == "cut":
            network.cut()
        elif epoch == 2:
            network.pass_on = lambda data: b""

    with pytest.raises(ConnectionError):
        trained(50, client=network.address, checkpoint=path, callbacks=[strike])
    done = len(Checkpoint(path)._read()["history"]["state"]["epochs"])
    assert 2 <= done < 50
    assert trained(done + 1, checkpoint=path) != []


def test_no_earlier_client_is_finalised_while_another_one_starts_or_stops(monkeypatch):
    collected = []

    class Failing(distributed.Client):
        def __init__(self, *args, **kwargs):
            collected.append(gc.isenabled())
            raise OSError("connection refused")

        def __del__(self):
            pass

    monkeypatch.setattr(distributed, "Client", Failing)
    for to in ("tcp://127.0.0.1:1", "local"):
        with pytest.raises(OSError, match="refused"), connect(to):
            pass
    assert collected == [False, False]
    assert gc.isenabled()
