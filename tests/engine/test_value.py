"""Value: its arguments, comparison, printing and behaviour as a Python object."""

import re
from decimal import Decimal
from fractions import Fraction

import pytest

from autograd import (
    Value,
    label,
    zero_grad,
)


@pytest.mark.parametrize("wrong", ["1", None, 1j, True, [1.0], Decimal(1), object(), b"1", Value(1.0)])
def test_only_a_real_number_becomes_a_value(wrong):
    with pytest.raises(TypeError, match=re.escape(type(wrong).__name__)):
        Value(wrong)


@pytest.mark.parametrize("wrong", ["1", None, 1j, True, [1.0], Value(1.0)])
def test_only_a_real_number_can_be_assigned_to_data(wrong):
    x = Value(2.0)
    with pytest.raises(TypeError, match="expected a real number as data"):
        x.data = wrong
    assert x.data == 2.0


def test_data_that_is_a_value_is_refused_with_advice():
    w = Value(0.5)
    with pytest.raises(TypeError, match=r"of type Value: give its number, value\.data"):
        w.data = w - 0.1


def test_assigning_to_data_converts_to_float():
    np = pytest.importorskip("numpy")
    x = Value(2.0)
    for number in (3, Fraction(1, 4), np.float32(0.5), np.float64(0.1), np.int8(7)):
        x.data = number
        assert type(x.data) is type((x * 2).data) is float
        assert x.data == number


def test_a_label_must_be_a_str():
    x = Value(1.0)
    for wrong in (2.0, None, b"x", 3):
        with pytest.raises(TypeError, match="label must be a str"):
            Value(1.0, wrong)
        with pytest.raises(TypeError, match="label must be a str"):
            x.label = wrong


def test_zero_grad_and_label_errors_name_the_allowed_arguments():
    x = Value(1.0)
    with pytest.raises(TypeError, match=r"value.zero_grad\(\)"):
        zero_grad(x)
    with pytest.raises(TypeError, match=r"takes Values, not 1\.0"):
        zero_grad([x, 1.0])
    for wrong in ("x", [x], x, {1: x}):
        with pytest.raises(TypeError, match="label takes keyword arguments"):
            label(wrong)


def test_value_cannot_be_subclassed():
    with pytest.raises(TypeError, match="cannot be subclassed"):
        type("Sub", (Value,), {})


def test_equality_and_hash_are_identity_and_the_order_is_that_of_the_numbers():
    a, b = Value(1.0), Value(1.0)
    assert a != b
    assert a == a
    assert len({a, b, a}) == 2
    assert Value(1.0) < Value(2.0) <= 2 < Value(3.0) >= 3.0 > Value(-1.0)
    assert [Value(2.0) < Value(1.0), Value(2.0) <= 1, Value(1.0) > Value(2.0), Value(1.0) >= 10**400] == [
        False
    ] * 4
    assert sorted([Value(2.0), Value(1.0)])[0].data == 1.0
    assert a <= True
    for wrong in ("1", None, 1j):
        with pytest.raises(TypeError, match="not supported between"):
            a < wrong  # noqa: B015


def test_the_truth_of_a_value_is_that_of_its_number():
    assert Value(0.5)
    assert not Value(0.0)


def test_sum_leaves_no_node_for_its_starting_0():
    a, b = Value(1.0), Value(2.0)
    assert sum([a]) is a
    assert sum([a, b]).operands == (a, b)
    assert (0.0 + a).op.name == "add"


def test_plus_and_abs_do_not_cut_the_graph():
    x = Value(-3.0)
    (+x + abs(x)).backward()
    assert x.grad == 0.0
    assert (+x).operands == (x,)


def test_an_in_place_operator_makes_a_new_node():
    x = Value(2.0)
    before = x
    x += 1
    x *= x
    assert (before.data, x.data) == (2.0, 9.0)
    x.backward()
    assert before.grad == 6.0


def test_the_repr_is_readable_and_a_format_formats_the_number():
    x = Value(2.0, "x")
    y = x * 3
    assert repr(x) == "Value(2.0, label='x', grad=0.0)"
    assert repr(y) == "Value(6.0, op='mul', grad=0.0)"
    assert f"{y:.2f}" == "6.00"
    assert f"{x}" == repr(x)


def test_many_labels_are_set_at_once():
    a, b, ws = Value(1.0), Value(2.0), [Value(3.0), Value(4.0)]
    _hidden, number = Value(5.0), 6.0
    label(locals())
    assert [a.label, b.label, ws[0].label, ws[1].label, _hidden.label] == ["a", "b", "ws[0]", "ws[1]", ""]
    label(loss=a, w=(b,))
    assert (a.label, b.label) == ("loss", "w[0]")
    with pytest.raises(TypeError, match="number"):
        label(number=number)
