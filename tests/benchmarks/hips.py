"""Run HIPS autograd's check_grads in a separate process, because its package has the same name.

Lines of JSON come in: a point with the gradient on trial, or the function's number where it was asked
for; lines go out: a point where the function is asked for, or the verdict. `checkers.py` is at the
other end.
"""

import json
import sys

import numpy as np
from autograd.extend import defvjp, primitive
from autograd.test_util import check_grads


def say(message):
    print(json.dumps(message), flush=True)


def asked(*inputs):
    say({"at": [float(x) for x in inputs]})
    return json.loads(sys.stdin.readline())["value"]


def accepts(point, gradient):
    """Return whether check_grads accepts this gradient of the other process's function."""
    f = primitive(asked)
    defvjp(f, *(lambda out, *inputs, g=g: lambda upstream: upstream * g for g in gradient))
    try:
        check_grads(f, argnum=tuple(range(len(point))), modes=["rev"], order=1)(*point)
    except Exception:
        return False
    return True


np.seterr(all="ignore")
np.random.seed(0)
for line in sys.stdin:
    task = json.loads(line)
    say({"accepts": accepts(task["point"], task["gradient"])})
