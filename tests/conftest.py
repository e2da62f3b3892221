"""What several test modules share."""

import builtins
import random

import pytest

from autograd import Value, label, tanh


@pytest.fixture
def without(monkeypatch):
    """Make packages impossible to import."""
    real = builtins.__import__

    def hide(package):
        def importing(name, *args, **kwargs):
            if name.split(".")[0] == package:
                raise ImportError(name)
            return real(name, *args, **kwargs)

        monkeypatch.setattr(builtins, "__import__", importing)

    return hide


@pytest.fixture(scope="session")
def client():
    """Two workers on this machine, for all tests."""
    pytest.importorskip("distributed", reason="no Dask here: pip install 'chainwalk[cluster]'")
    from autograd import cluster

    with cluster.connect(workers=2, timeout=60) as client:
        yield client


@pytest.fixture
def rng():
    """Give a generator that every test finds in the same state."""
    return random.Random(0)


@pytest.fixture
def graph():
    """Give the values of `L = (a * b + c) * tanh(a)` by name, before any backward pass."""
    a, b, c = Value(2.0), Value(-3.0), Value(10.0)
    e = a * b
    d = e + c
    t = tanh(a)
    values = {"a": a, "b": b, "c": c, "e": e, "d": d, "t": t, "L": d * t}
    label(values)
    return values
