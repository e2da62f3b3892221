"""Ctrl-C at any moment: no mode stays on, no grad is half changed, and the next pass is right."""

import sys

import pytest

import autograd
from autograd import DomainError, Value, draw, grad, gradients, hessian, hvp, jacobian, log, relu, tanh, taylor
from autograd.graph import grad_number
from autograd.modes import CURRENT, INPUTS

POINT = [0.3, 0.5, 0.7]


def f(xs):
    a, b, c = xs
    d = tanh(a * b + c)
    return relu(d) * (c + d) ** 2


WORK = {
    "backward": lambda leaves, y: y.backward(),
    "create_graph": lambda leaves, y: y.backward(create_graph=True),
    "gradients": lambda leaves, y: gradients(y, leaves, create_graph=True),
    "hvp": lambda leaves, y: hvp(f, POINT, [1.0, 0.0, 0.0]),
    "hessian": lambda leaves, y: hessian(f)(POINT),
    "jacobian": lambda leaves, y: jacobian(lambda xs: [f(xs), f(xs)])(POINT),
    "grad of grad": lambda leaves, y: grad(lambda x: grad(lambda z: f([x, z, x]))(x))(0.3),
    "taylor": lambda leaves, y: taylor(lambda x: f([x, 0.5, x]), 0.3, 2),
    "trace": lambda leaves, y: traced(),
    "check": lambda leaves, y: y.check(),
    "draw": lambda leaves, y: draw(y).source,
}


def traced():
    pytest.importorskip("numpy")
    from autograd.compiling.trace.tracing import trace

    leaves = [Value(x) for x in POINT]
    return trace(f, [leaves], leaves)


def interrupted(work, moment=0):
    """Raise KeyboardInterrupt at a moment of the work; return how many moments have passed.

    They are those at which CPython looks for signals: the beginning of a function of Python, and the end
    of one of C.
    """
    moments = 0

    def look(frame, event, _):
        nonlocal moments
        if event in ("call", "c_return") and frame.f_code is not interrupted.__code__:
            moments += 1
            if moments == moment:
                raise KeyboardInterrupt

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        work()
    except KeyboardInterrupt:
        pass
    finally:
        sys.setprofile(before)
    return moments


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # in what is just being freed
@pytest.mark.parametrize("name", WORK)
def test_whatever_is_interrupted_leaves_no_mode_and_no_half_changed_grad(name):
    work = WORK[name]

    def graph():
        leaves = [Value(x) for x in POINT]
        y = f(leaves)
        return leaves, y

    leaves, y = graph()
    y.backward()
    expected = [leaf.grad for leaf in leaves]
    work(*graph())  # what is compiled or imported at the first call
    count = interrupted(lambda: work(*graph()))
    assert count > 5
    for moment in range(1, count + 1, 1 + count // 400):
        leaves, y = graph()
        for leaf in leaves:
            leaf.grad = 0.5
        interrupted(lambda: work(leaves, y), moment)  # noqa: B023 (called at once)
        assert CURRENT.get() is INPUTS.get() is None, moment
        found = [grad_number(leaf) - 0.5 for leaf in leaves]
        assert found in ([0.0] * 3, pytest.approx(expected)), moment
        for leaf in leaves:
            leaf.grad = 0.0
        y.backward()
        assert [leaf.grad for leaf in leaves] == expected, moment
    with pytest.raises(DomainError):  # in a mode that was left on it would be nan
        log(-1.0)


def test_a_generator_that_is_dropped_while_a_rule_is_evaluated_leaves_its_mode():
    def switching():
        with autograd.no_grad():
            yield

    held = [switching()]
    next(held[0])

    def rule(x):
        held.clear()  # closes the generator, in the context of the rule
        return x

    same = autograd.operation("same(x)", lambda x: x, [lambda x: rule(x) * 0.0 + 1.0])
    x = Value(2.0)
    y = same(x)
    held.append(switching())
    next(held[0])
    assert gradients(y, [x], create_graph=True)[0].data == 1.0
    assert (x * x).operands == (x, x)
