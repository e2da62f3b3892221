"""Blocks that Ctrl-C does not leave damaged, and in which the garbage collector does not run."""

import gc
import os
import signal
import threading

import pytest

from autograd.locks import collector_paused, uninterrupted
from tests.helpers import python_output

posix = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers that send signals")


def test_an_interruption_comes_after_the_block_and_once():
    before, done = signal.getsignal(signal.SIGINT), []

    def block():
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            done.append("the end")

    with pytest.raises(KeyboardInterrupt):
        block()
    assert done == ["the end"]
    assert signal.getsignal(signal.SIGINT) is before


def test_blocks_can_be_nested():
    done = []

    def block():
        with uninterrupted():
            with uninterrupted():
                signal.raise_signal(signal.SIGINT)
            done.append("the inner block")

    with pytest.raises(KeyboardInterrupt):
        block()
    assert done == ["the inner block"]


def test_an_error_of_the_block_is_raised_and_handlers_are_restored():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ValueError, match="its own"), uninterrupted():
        raise ValueError("its own")
    assert signal.getsignal(signal.SIGINT) is before


def test_a_signal_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_run_their_blocks_as_they_are():
    found, before = [], signal.getsignal(signal.SIGINT)

    def work():
        with uninterrupted():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert found == [before]


def test_llvm_is_never_interrupted(monkeypatch):
    pytest.importorskip("llvmlite")
    import llvmlite.binding as llvm

    from autograd import compile

    parse, reached = llvm.parse_assembly, []

    def interrupted(text):
        signal.raise_signal(signal.SIGINT)
        reached.append(True)
        return parse(text)

    monkeypatch.setattr(llvm, "parse_assembly", interrupted)
    with pytest.raises(KeyboardInterrupt):
        compile(lambda x: x * 3)(2.0)
    assert reached


STRIKES = """
import glob, os, random, signal, time
{imports}

def strike(*_):
    raise KeyboardInterrupt

def children():
    found = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as file:
                name, _, rest = file.read().partition("(")[2].rpartition(")")
        except OSError:  # it has ended
            continue
        if int(rest.split()[1]) == os.getpid():
            found.append(name)
    return found

signal.signal(signal.SIGALRM, strike)
rng, struck = random.Random(3), 0
work()
took = [0.0] * 3
for k in range({times}):
    if k % 10 == 0:  # how long it takes here and now: the signals are to strike within
        start = time.perf_counter()
        work()
        took[k // 10 % 3] = time.perf_counter() - start
    try:
        signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-5, max(took)))
        work()
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        struck += 1
work()
print(struck > {times} / 10, [name for name in children() if "dot" in name or "graphviz" in name])
"""


@posix
@pytest.mark.slow
def test_compiling_can_be_interrupted_at_any_moment():
    pytest.importorskip("llvmlite")
    code = STRIKES.format(
        imports="from autograd import compile, tanh\n"
        "def work():\n    assert compile(lambda x: tanh(x) * rng.random())(0.0) == 0.0",
        times=150,
    )
    assert python_output(code, PYTHONWARNINGS="ignore").split() == ["True", "[]"]


@posix
@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="processes are listed in /proc")
def test_drawing_can_be_interrupted_at_any_moment_and_leaves_no_process():
    pytest.importorskip("graphviz")
    code = STRIKES.format(
        imports="from autograd import Value, draw\n"
        "y = Value(2.0, 'x') * 3\n"
        "def work():\n    assert draw(y).pipe('png')",
        times=40,
    )
    assert python_output(code, PYTHONWARNINGS="ignore").split() == ["True", "[]"]


def test_the_collector_is_paused_until_the_last_of_overlapping_pauses_ends():
    first, second = collector_paused(), collector_paused()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not gc.isenabled()
    second.__exit__(None, None, None)
    assert gc.isenabled()


def test_a_disabled_collector_stays_disabled_after_a_pause():
    gc.disable()
    try:
        with collector_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
