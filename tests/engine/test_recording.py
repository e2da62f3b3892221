"""Recording a node: operands, and errors that name operation, operand and history."""

import math

import pytest

import autograd
from autograd import (
    AnomalyError,
    DomainError,
    Value,
    anomaly_detection,
    dot,
    exp,
    log,
    prod,
    total,
)


def test_outside_the_domain_the_error_names_operation_operand_value_and_history():
    a, b = Value(1.0, "a"), Value(3.0, "b")
    with pytest.raises(DomainError) as caught:
        log(a - b)
    text = str(caught.value)
    for part in ("log(x)", "x = -2.0", "x > 0", "a - b", "autograd.clip"):
        assert part in text
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_the_error_calls_a_labelled_leaf_by_its_name():
    with pytest.raises(DomainError, match="here y is width"):
        1 / Value(0.0, "width")


def test_the_error_does_not_say_that_x_is_x():
    with pytest.raises(DomainError) as caught:
        log(Value(-1.0, "x"))
    assert "x is x" not in str(caught.value)


def test_the_history_of_a_wide_and_deep_graph_stays_readable():
    layer = [Value(0.1) for _ in range(50)]
    for _ in range(8):
        layer = [dot(layer, layer[k:] + layer[:k]) * 0.001 for k in range(50)]
    with pytest.raises(DomainError) as caught:
        log(total(layer) - 10)
    assert "total(dot(" in str(caught.value)
    assert len(str(caught.value)) < 1000
    with anomaly_detection(), pytest.raises(AnomalyError) as caught:
        total(layer) * 1e308 * 1e308 * math.inf
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize("wrong", ["1", None, 1j, [1.0]])
def test_only_a_real_number_is_an_operand(wrong):
    with pytest.raises(TypeError):
        Value(1.0) + wrong
    with pytest.raises(TypeError):
        wrong * Value(1.0)
    with pytest.raises(TypeError, match="expected a real number or a Value"):
        exp(wrong)
    with pytest.raises(TypeError, match="expected a real number or a Value"):
        total([Value(1.0), wrong])


@pytest.mark.parametrize("function", [math.sin, math.isfinite, float, int])
def test_a_function_that_would_cut_the_graph_is_a_type_error(function):
    with pytest.raises(TypeError):
        function(Value(1.0))


def test_sequences_of_different_lengths_are_an_error_not_cut():
    with pytest.raises(ValueError, match=r"dot\(ws, xs\).* 3 .* 2"):
        dot([Value(1.0)] * 3, [1.0, 2.0])


def test_an_operand_that_must_be_a_sequence_is_a_clear_error():
    for function in (total, prod, autograd.mean, autograd.logsumexp):
        with pytest.raises(TypeError, match="expected a sequence of real numbers and Values, not Value"):
            function(Value(1.0))
    with pytest.raises(TypeError, match="expected a sequence"):
        dot([Value(1.0)], 2.0)
    with pytest.raises(TypeError, match="bad item"):
        total(raising())


def raising():
    yield Value(1.0)
    raise TypeError("bad item")
