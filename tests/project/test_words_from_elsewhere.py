"""Names of micrograd, PyTorch, JAX and HIPS autograd work, or the error suggests the one to use."""

import math
import re

import pytest

import autograd
import nn
from autograd import Value, tanh
from autograd.guidance.advice import AUTOGRAD, NN


def nodes_and_edges(root):
    """Return the nodes of the graph, traversed as in micrograd."""
    nodes, edges = set(), set()

    def walk(node):
        if node not in nodes:
            nodes.add(node)
            for child in node._prev:
                edges.add((child, node))
                walk(child)

    walk(root)
    return nodes, edges


def test_a_graph_is_traversed_with_micrograds_names():
    a, b = Value(2.0, "a"), Value(-3.0, label="b")
    product = a * b
    root = (product + 1.0).tanh()
    nodes, edges = nodes_and_edges(root)
    assert len(nodes) == 5
    assert edges >= {(a, product), (b, product)}
    assert product._prev == {a, b}
    assert (a + a)._prev == {a}
    assert a._prev == set()


@pytest.mark.parametrize(
    ("make", "sign"),
    [
        (lambda x: x, ""),
        (lambda x: x + 1, "+"),
        (lambda x: x - 1, "-"),
        (lambda x: x * 2, "*"),
        (lambda x: x / 2, "/"),
        (lambda x: x**2, "**"),
        (lambda x: -x, "neg"),
        (lambda x: x.tanh(), "tanh"),
        (lambda x: x.relu(), "relu"),
    ],
)
def test_op_is_the_sign_or_the_name(make, sign):
    assert make(Value(2.0))._op == sign


def test_a_backward_pass_by_hand_gives_what_backward_gives():
    def made():
        a, b = Value(0.5), Value(-3.0)
        return a, b, tanh(a * b + a)

    a, b, root = made()
    order, seen = [], set()

    def walk(node):
        if node not in seen:
            seen.add(node)
            for child in node._prev:
                walk(child)
            order.append(node)

    walk(root)
    root.grad = 1.0
    for node in reversed(order):
        node._backward()
    again = made()
    again[2].backward()
    assert (a.grad, b.grad) == (again[0].grad, again[1].grad)


def test_item_is_the_number():
    assert Value(2.5).item() == 2.5
    with pytest.raises(TypeError, match="is read"):
        autograd.compile(lambda x: x * x.item())(2.0)


@pytest.mark.parametrize(("module", "words"), [(autograd, AUTOGRAD), (nn, NN)])
def test_an_unknown_name_is_an_error_that_suggests_one(module, words):
    for word, advice in words.items():
        assert word not in vars(module), f"{word} works now: no advice is needed"
        assert not hasattr(module, word)
        with pytest.raises(AttributeError, match=re.escape(advice)):
            getattr(module, word)
        with pytest.raises(ImportError, match=re.escape(advice)):
            exec(f"from {module.__name__} import {word}", {})


@pytest.mark.parametrize(("module", "words"), [(autograd, AUTOGRAD), (nn, NN)])
def test_the_names_in_the_advice_are_there(module, words):
    for advice in words.values():
        for owner, name in re.findall(r"\b(autograd|nn)\.(\w+)", advice):
            there = {"autograd": autograd, "nn": nn}[owner]
            assert hasattr(there, name) or name == "checking", f"{advice}: there is no {owner}.{name}"


def test_other_names_that_are_missing_are_plain_errors():
    with pytest.raises(AttributeError, match="has no attribute 'Modul'"):
        nn.Modul  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'Modul'"):
        exec("from nn import Modul", {})


@pytest.mark.parametrize("function", [math.sin, math.exp, math.sqrt, float, math.isfinite])
def test_a_float_function_of_a_value_is_answered_with_ours(function):
    with pytest.raises(TypeError, match=r"use autograd's functions"):
        function(Value(0.5))
