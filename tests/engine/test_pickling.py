"""Pickle, deepcopy and copy of graphs."""

import copy
import dataclasses
import pickle
import threading

import pytest

import autograd
from autograd import (
    Value,
    compile,
    grad,
    gradients,
    jvp,
    operation,
)


@pytest.mark.slow
def test_a_long_chain_survives_pickle_and_deepcopy():
    x = Value(1.0, "x")
    y = x
    for _ in range(100_000):
        y = y * 1.0
    for twin in (pickle.loads(pickle.dumps(y)), copy.deepcopy(y)):
        twin.backward()
        leaf = autograd.graph.topological_order(twin)[0]
        assert (leaf.label, leaf.grad, leaf is x) == ("x", 1.0, False)
    assert x.grad == 0.0


def test_pickle_keeps_shared_nodes_shared_among_everything_pickled_together():
    x = Value(2.0, "x")
    shared = x * x
    y, z = shared * 3, shared + x
    (y * z).backward()
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        twin_x, twin_y, twin_z = pickle.loads(pickle.dumps([x, y, z], protocol))
        assert twin_y.operands[0] is twin_z.operands[0]
        assert twin_z.operands[1] is twin_x is twin_y.operands[0].operands[0]
        assert (twin_x.grad, twin_y.grad, twin_y.op) == (x.grad, y.grad, y.op)


def test_deepcopy_backpropagates_to_its_own_leaves():
    x = Value(2.0)
    pair = {"x": x, "y": x * x}
    twin = copy.deepcopy(pair)
    twin["y"].backward()
    assert (twin["x"].grad, x.grad) == (4.0, 0.0)


@dataclasses.dataclass
class Pair:
    x: float
    y: float


@pytest.mark.parametrize(
    "f",
    [
        lambda p: copy.deepcopy(p.x) * p.y,
        lambda p: copy.copy(p.x) * copy.copy(p.y),
        lambda p: copy.deepcopy(p).x * p.y,
        lambda p: copy.deepcopy([p.x * 1.0, {"y": p.y}])[0] * p.y,
        lambda p: dataclasses.astuple(p)[0] * dataclasses.asdict(p)["y"],
        lambda p: grad(lambda t: copy.deepcopy(p.x) * copy.deepcopy(t) * p.y)(3.0),
    ],
)
def test_a_copy_inside_a_function_that_is_differentiated_does_not_cut_the_graph(f):
    point = Pair(2.0, 5.0)
    assert grad(f)(point) == Pair(5.0, 2.0)
    assert jvp(f, (point,), (Pair(1.0, 0.0),)) == (10.0, 5.0)


def test_a_copy_of_an_array_inside_a_function_keeps_its_gradient_also_compiled_and_checked():
    np = pytest.importorskip("numpy")
    pytest.importorskip("llvmlite")
    pytest.importorskip("mpmath")
    from autograd.checking import check_gradients

    def f(x):
        return (copy.deepcopy(x) ** 2).sum() * x[0]

    x = np.array([2.0, 3.0])
    expected = [2 * 2.0 * 2.0 + 13.0, 2 * 3.0 * 2.0]
    assert grad(f)(x).tolist() == expected
    assert np.allclose(compile(f).grad(x), expected, rtol=1e-14)
    assert check_gradients(f, x).right


def test_a_deep_copy_of_a_captured_parameter_is_independent_inside_a_function_too():
    w = Value(3.0, "w")
    kept = []

    def f(x):
        twin = copy.deepcopy(w)
        kept.append(twin)
        return twin.data * x

    assert grad(f)(2.0) == 3.0
    assert kept[0] is not w


def test_a_shallow_copy_shares_the_operands():
    x = Value(2.0)
    y = x * x
    assert copy.copy(y).operands == y.operands
    assert copy.copy(y) is not y


def test_a_pickle_that_fails_leaves_the_next_one_whole():
    x = Value(2.0, "x")
    y = x * x
    y.op = lambda: None
    with pytest.raises((pickle.PicklingError, AttributeError, TypeError)):
        pickle.dumps(y + x)
    z = x * x * 3
    assert pickle.loads(pickle.dumps(z)).operands[0].operands[0].label == "x"


def test_copies_keep_gradients_that_are_nodes_of_the_graph_themselves():
    x = Value(2.0, "x")
    y = x**3
    y.backward(create_graph=True)
    for twin_x, twin_y in (pickle.loads(pickle.dumps((x, y))), copy.deepcopy((x, y))):
        assert twin_y.operands[0] is twin_x is not x
        assert (twin_x.grad.data, twin_y.grad.data) == (12.0, 1.0)
        assert gradients(twin_x.grad, [twin_x]) == [12.0]
    for alone in (pickle.loads(pickle.dumps(x)), copy.deepcopy(x), copy.copy(x)):
        assert alone.grad.data == 12.0
    assert gradients(pickle.loads(pickle.dumps(x.grad)), [x]) == [0.0]


@pytest.mark.slow
def test_a_long_chain_whose_gradients_are_nodes_survives_pickle_and_deepcopy():
    x = y = Value(1.0)
    for _ in range(5_000):
        y = y * x
    y.backward(create_graph=True)
    for twin in (pickle.loads(pickle.dumps(y)), copy.deepcopy(y)):
        leaf = autograd.graph.topological_order(twin)[0]
        assert (leaf.grad.data, gradients(leaf.grad, [leaf])) == (5_001.0, [5_001.0 * 5_000.0])


def test_a_copy_that_fails_leaves_the_next_one_whole_even_while_its_error_is_kept():
    x = y = Value(1.0)
    for _ in range(3_000):
        y = y * 1.0
    leaf = Value(1.0)
    broken = leaf * x
    leaf.grad = threading.Lock()
    with pytest.raises(TypeError, match="pickle") as kept:
        copy.deepcopy(broken)
    assert copy.deepcopy(y).data == y.data
    assert kept.value.__traceback__ is not None


thrice = operation("thrice(x)", lambda x: 3 * x, lambda x: 3.0)


def test_a_graph_with_a_declared_operation_can_be_pickled():
    x = Value(2.0)
    twin = pickle.loads(pickle.dumps(thrice(x) * x))
    assert twin.operands[0].op is thrice.op


def test_pickling_an_operation_without_a_module_level_name_is_a_clear_error():
    local = operation("local(x)", "x", ["1.0"])
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(local(Value(1.0)))
