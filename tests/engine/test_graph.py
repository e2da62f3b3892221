"""The graph and its backward pass: accumulation, depth, interruptions, threads."""

import os
import random
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

import autograd
from autograd import (
    Value,
    grad,
    total,
    zero_grad,
)
from tests.helpers import python_output


def test_leaves_accumulate_exactly_once_for_each_backward():
    x = Value(2.0)
    y = x * x * x
    y.backward()
    y.backward()
    assert x.grad == 24.0


def test_two_losses_over_a_shared_interior_add_up_without_double_counting():
    x = Value(3.0)
    shared = x * x
    (shared * 2).backward()
    (shared * 5).backward()
    assert x.grad == 2 * 2 * 3 + 5 * 2 * 3 == 42
    assert shared.grad == 5.0


def test_interior_gradients_start_from_zero_each_time():
    x = Value(2.0)
    y = x * x
    z = y * y
    z.backward()
    z.backward()
    assert (y.grad, z.grad, x.grad) == (8.0, 1.0, 64.0)


def test_a_leaf_as_the_root_accumulates_too():
    x = Value(3.0)
    x.backward()
    x.backward(2.0)
    assert x.grad == 3.0


def test_the_gradient_given_to_the_root_scales_every_other():
    x = Value(3.0)
    (x * x).backward(gradient=-0.5)
    assert x.grad == -3.0


def test_the_same_operand_twice_is_two_edges():
    x = Value(3.0)
    y = x * x
    assert y.operands == (x, x)
    assert y.partials == (3.0, 3.0)
    y.backward()
    assert x.grad == 6.0


def test_a_node_is_not_passed_on_before_all_its_consumers_have_contributed():
    x = Value(2.0)
    a = x * 3
    b = a * a
    c = b + a
    (c * b).backward()
    assert x.grad == pytest.approx(grad(lambda x: (9 * x * x + 3 * x) * 9 * x * x)(2.0))


def test_writing_to_a_leaf_after_the_forward_pass_corrupts_no_gradient():
    x, y = Value(2.0), Value(5.0)
    z = x * y
    x.data = y.data = 1000.0
    z.backward()
    assert (x.grad, y.grad) == (5.0, 2.0)


def test_a_backward_pass_that_is_interrupted_leaves_no_mark_behind():
    x = Value(2.0)
    y = x * x * x + total([x, x * x, x])
    order = autograd.graph.topological_order(y)
    moments = 0
    while interrupted_after(moments, y.backward):
        assert {type(node.grad) for node in order} == {float}, moments
        y.zero_grad()
        moments += 1
    assert moments > 100
    assert x.grad == 3 * 4 + 1 + 4 + 1


def interrupted_after(lines, function):
    """Call a function with a Ctrl-C after a number of lines in graph.py; return whether it was raised."""
    left = lines

    def trace(frame, event, _):
        nonlocal left
        if frame.f_code.co_filename != autograd.graph.__file__:
            return None
        if event == "line":
            left -= 1
            if left == -1:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def test_zero_grad_clears_a_graph_or_a_set_of_leaves():
    x, w = Value(2.0), Value(3.0)
    y = x * w
    y.backward()
    zero_grad({w})
    assert (x.grad, w.grad, y.grad) == (3.0, 0.0, 1.0)
    y.zero_grad()
    assert (x.grad, w.grad, y.grad) == (0.0, 0.0, 0.0)


def test_threads_that_go_back_through_shared_nodes_take_turns():
    x = Value(2.0)
    shared = x
    for _ in range(100):
        shared = shared * 1.0
    losses = [shared * k for k in (1.0, 2.0, 3.0, 4.0)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda loss: [loss.backward() for _ in range(50)], losses))
    finally:
        sys.setswitchinterval(interval)
    assert x.grad == 50 * (1 + 2 + 3 + 4)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.slow
def test_a_forked_process_can_go_back_while_its_parent_was_in_the_middle():
    code = (
        "import os, threading\n"
        "from autograd import Value\n"
        "x = y = Value(1.0)\n"
        "for _ in range(200_000): y = y * 1.0\n"
        "thread = threading.Thread(target=y.backward)\n"
        "thread.start()\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    z = Value(3.0); (z * z).backward(); os._exit(int(z.grad))\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    assert python_output(code, PYTHONWARNINGS="ignore").strip() == "6"


@pytest.mark.slow
def test_a_chain_of_a_million_nodes_is_built_backpropagated_and_freed():
    x = Value(1.0)
    y = x
    for _ in range(1_000_000):
        y = y + 1.0
    y.backward()
    assert (y.data, x.grad) == (1_000_001.0, 1.0)
    del y


def test_deep_and_wide_at_once_needs_no_recursion():
    xs = [Value(float(k)) for k in range(1000)]
    y = total(xs)
    for _ in range(5000):
        y = -y
    y.backward()
    assert {x.grad for x in xs} == {1.0}


def test_the_gradient_given_to_backward_must_be_a_number():
    for wrong in ("1", None, True, Value(2.0)):
        with pytest.raises(TypeError, match="expected a real number as gradient"):
            Value(1.0).backward(wrong)


@pytest.mark.slow
def test_a_node_of_a_chain_of_additions_takes_at_most_200_bytes():
    code = (
        "import tracemalloc; from autograd import Value; x = y = Value(1.0); tracemalloc.start();\n"
        "for _ in range(100_000): y = y + x\n"
        "y.backward(); print(tracemalloc.get_traced_memory()[0] / 100_000)"
    )
    assert float(python_output(code)) <= 200


def a_random_graph(rng, size):
    """Return a root over operations on one, two and many operands, shared, repeated and plain numbers."""
    nodes = [Value(rng.uniform(0.5, 1.5)) for _ in range(4)]
    for _ in range(size):
        x, y, z = (rng.choice(nodes[-8:]) for _ in range(3))
        nodes.append(
            rng.choice(
                [
                    lambda x, y, z: x * 0.5 + y,
                    lambda x, y, z: 1.0 - x,
                    lambda x, y, z: x * x,
                    lambda x, y, z: autograd.sin(x) * y,
                    lambda x, y, z: total([x, 1.0, y, x, z]),
                    lambda x, y, z: autograd.dot([x, y], [z, 0.25]),
                    lambda x, y, z: autograd.where(x < 1.0, y, z),
                    lambda x, y, z: autograd.maximum(x, z),
                ]
            )(x, y, z)
        )
    return nodes[-1]


@pytest.mark.parametrize("seed", range(60))
def test_the_order_of_the_backward_pass_is_the_topological_order(seed):
    root = a_random_graph(random.Random(seed), 1 + seed)
    order = autograd.topological_order(root)
    leaves, grads = [], []
    nothing = float("0")
    for node in order:
        node.grad = 2.0
    assert autograd.graph._interior(root, nothing, leaves, grads) == [node for node in order if node.operands]
    assert set(leaves) == {node for node in order if not node.operands}
    assert len(leaves) == len(set(leaves))
    assert grads == [2.0] * len(leaves)
    assert all(node.grad is nothing for node in order)


def test_operands_and_partials_can_be_replaced_whatever_their_number():
    x, y, z = (Value(float(k)) for k in range(3))
    for operands in [(), (x,), (x, y), (x, 2.0), (2.0, x), (x, y, z)]:
        node = Value(1.0)
        node.op = total(operands).op if operands else None
        node.operands = operands
        node.partials = tuple(None if type(item) is float else 0.5 for item in operands)
        assert (node.operands, len(node.partials)) == (operands, len(operands))
        assert autograd.topological_order(node)[:-1] == [item for item in operands if type(item) is not float]
        node.zero_grad()
        node.backward()
        assert all(item.grad == 0.5 for item in operands if type(item) is not float)


def test_a_node_takes_at_most_190_bytes_after_the_backward_pass_too():
    code = """
import gc, tracemalloc
from autograd import Value, topological_order
for step in (
    lambda x, y: y + x, lambda x, y: y * x, lambda x, y: (y * x + x).relu() ** 2,
    lambda x, y: (y * x + x).tanh() - 0.5, lambda x, y: y / x + 1.5,
    lambda x, y: (2.0 * y).sin().exp().log1p(),
):
    x = y = Value(0.5)
    step(x, y).backward()
    gc.collect()
    tracemalloc.start()
    for _ in range(500):
        y = step(x, y)
    y.backward()
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    print(used / sum(bool(node.operands) for node in topological_order(y)))
"""
    found = [float(line) for line in python_output(code).split()]  # a process where no other thread allocates
    assert len(found) == 6
    assert 100 < min(found) <= max(found) <= 190
