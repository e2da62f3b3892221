"""Captured names that are assigned or deleted after the first call, and objects that cannot be compared."""

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

from autograd import compile


def test_a_variable_of_a_closure_that_is_assigned_later_and_deleted_again():
    def f(x):
        try:
            return x * k
        except NameError:
            return x * 2.0

    fast = compile(f)
    found = [fast(1.0)]
    k = 3.0
    found.append(fast(1.0))
    del k
    assert [*found, fast(1.0)] == [2.0, 3.0, 2.0]


@pytest.mark.parametrize("names", [("K",), ("K", "L")])
def test_a_global_that_is_deleted_is_an_error_of_the_function_and_not_of_an_old_kernel(names):
    space = dict.fromkeys(names, 2.0)
    exec(f"def f(x): return x * {' * '.join(names)}", space)
    fast = compile(space["f"])
    assert fast(1.0) == 2.0 ** len(names)
    del space["K"]
    with pytest.raises(NameError, match="'K' is not defined"):
        fast(1.0)
    space["K"] = 5.0
    assert fast(1.0) == 5.0 * 2.0 ** (len(names) - 1)


def test_an_array_in_an_object_is_compared_though_arrays_have_no_truth():
    class Model:
        def __init__(self):
            self.weights, self.scale = np.array([1.0, 2.0]), 10.0

    model = Model()
    fast = compile(lambda x: x * model.weights[0] * model.scale)
    found = [fast(1.0)]
    model.weights = np.array([5.0, 2.0])
    found.append(fast(1.0))
    model.weights[0] = 7.0
    found.append(fast(1.0))
    model.scale = 1.0
    assert [*found, fast(1.0)] == [10.0, 50.0, 70.0, 7.0]


def test_a_list_that_is_nested_deeper_than_can_be_serialised_is_captured():
    inner = [1.0]
    outer = inner
    for _ in range(3_000):
        outer = [outer]

    def f(x):
        item = outer
        while isinstance(item[0], list):
            item = item[0]
        return x * item[0]

    fast = compile(f)
    assert fast(3.0) == 3.0
    inner[0] = 2.0
    assert fast(3.0) == 6.0


def test_a_slot_that_is_assigned_later_and_a_property_that_is_replaced():
    class Slots:
        __slots__ = ("a", "b")

        @property
        def both(self):
            return self.a + getattr(self, "b", 0.0)

    item = Slots()
    item.a = 2.0
    fast = compile(lambda x: x * item.both)
    found = [fast(1.0)]
    item.b = 1.0
    found.append(fast(1.0))
    Slots.both = property(lambda self: 10.0)
    assert [*found, fast(1.0)] == [2.0, 3.0, 10.0]
