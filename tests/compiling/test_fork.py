"""A child process forked while other threads compile or check can compile and check too."""

import os

import pytest

pytest.importorskip("llvmlite")

from tests.helpers import python_output

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")

FORKS = """
import gc, os, signal, threading, time, warnings
warnings.simplefilter("ignore")  # about forking with threads
{imports}

shared = compile(lambda x, *more: x * x)

def busy(k):
    n = 0
    while not stop.is_set():
        n += 1
        {busy}

stop = threading.Event()
threads = [threading.Thread(target=busy, args=(k,)) for k in range(2)]
for thread in threads:
    thread.start()
failures = 0
for k in range(12):
    time.sleep(0.003 * k)
    child = os.fork()
    if child == 0:
        signal.alarm(60)  # ends a child that waits forever
        shared(1.0, [1.0] * k)
        good = {child} and gc.isenabled()
        os._exit(0 if good else 1)
    failures += os.waitpid(child, 0)[1] != 0
stop.set()
for thread in threads:
    thread.join(60)
print(failures)
"""


def failures(**parts):
    return int(python_output(FORKS.format(**parts)))


def test_the_child_of_a_process_whose_threads_compile_can_compile():
    assert (
        failures(
            imports="from autograd import compile, tanh",
            busy="compile(lambda x: tanh(x * n) + k)(1.0); shared(1.0, [1.0] * (n % 50))",
            child="compile(lambda x: tanh(x) * 3)(0.0) == 0.0",
        )
        == 0
    )


def test_the_child_of_a_process_whose_threads_check_gradients_can_check():
    pytest.importorskip("mpmath")
    assert (
        failures(
            imports="from autograd import compile, sin\nfrom autograd.checking import check_gradients",
            busy="check_gradients(lambda x: sin(x) * n, 0.5 + k)",
            child="check_gradients(lambda x: sin(x), 0.5).right",
        )
        == 0
    )
