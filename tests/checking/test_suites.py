"""Gradient checks in a user's test suite, in all forms of hypothesis tests."""

import re
from functools import partial

import pytest

pytest.importorskip("mpmath")
pytest.importorskip("numpy")
pytest.importorskip("hypothesis")

from hypothesis import settings

from autograd import tanh
from autograd.checking import arrays, check_gradients_of

HEAD = """
    import math, unittest
    import numpy as np
    import pytest
    from hypothesis import assume, example, seed, settings, strategies as st
    from autograd import dot, exp, log, operation, tanh
    from autograd.checking import arrays, check_gradients_of
    SEEN = []
"""


def run(pytester, source, *options):
    """Run a test module and return its outcomes and output."""
    pytester.makepyfile(HEAD + source)
    result = pytester.runpytest_inprocess("-q", "-p", "no:cacheprovider", "-p", "no:randomly", *options)
    return result, result.stdout.str()


def test_methods_fixtures_parametrize_and_unittest(pytester):
    result, _ = run(
        pytester,
        """
    class TestMethods:
        @check_gradients_of(lambda x, y: tanh(x) * y, examples=5)
        def test_method(self, report):
            assert report.right

        @pytest.mark.parametrize("scale", [1.0, 2.0])
        @check_gradients_of(lambda x: tanh(x), examples=5)
        def test_parametrized(self, report, scale, tmp_path):
            assert tmp_path.exists() and scale in (1.0, 2.0)

    class TestUnittest(unittest.TestCase):
        @check_gradients_of(lambda x: tanh(x), examples=5)
        def test_case(self, report):
            self.assertTrue(report.right)

    @check_gradients_of(lambda x: tanh(x), examples=5)
    def test_without_a_report(x, capsys):
        assert -3 <= x <= 3
""",
    )
    result.assert_outcomes(passed=5)


def test_settings_and_examples_above_and_below_seeds_and_assume(pytester):
    result, text = run(
        pytester,
        """
    points, few = [], []

    @settings(max_examples=7, derandomize=True)
    @example(x=0.125)
    @check_gradients_of(lambda x: tanh(x))
    def test_above(report, x, tmp_path):
        points.append(x)

    @check_gradients_of(lambda x: tanh(x))
    @settings(max_examples=6, deadline=None)
    @example(x=0.25)
    def test_below(report, x):
        few.append(x)

    @seed(3)
    @check_gradients_of(lambda x: tanh(x), examples=5)
    def test_assume(report, x):
        assume(x > 0)
        assert x > 0

    def test_counts():
        assert points[0] == 0.125 and len(points) == 8
        assert few[0] == 0.25 and len(few) == 7
""",
    )
    assert "passed" in text
    result.assert_outcomes(passed=4)


def test_a_profile_sets_the_number_of_examples(pytester, request):
    settings.register_profile("before", settings.default)
    request.addfinalizer(partial(settings.load_profile, "before"))  # the inner run is in this process
    result, _ = run(
        pytester,
        """
    settings.register_profile("four", max_examples=4, database=None)
    settings.load_profile("four")
    points = []

    @check_gradients_of(lambda x: tanh(x))
    def test_few(report, x):
        points.append(x)

    def test_count():
        assert len(points) == 4
""",
    )
    result.assert_outcomes(passed=2)


def test_a_failure_can_be_reproduced_by_the_line_that_hypothesis_gives(pytester):
    source = """
    from hypothesis import reproduce_failure

    cube = operation("cube(x)", "x * x * x", ["3 * x * x * (1 + 1e-3 * step(x - 1.5))"])

    {decorator}
    @check_gradients_of(cube, {{"x": (1, 3)}})
    def test_cube(report): ...
"""
    result, text = run(pytester, source.format(decorator="@settings(print_blob=True, deadline=None)"))
    result.assert_outcomes(failed=1)
    assert "the derivative of cube with respect to x is wrong at cube" in text
    blob = re.search(r"@reproduce_failure\(.*\)", text)[0]
    result, text = run(pytester, source.format(decorator=blob))
    result.assert_outcomes(failed=1)
    assert "is wrong at cube" in text


def test_a_deadline_that_was_set_applies(pytester):
    result, text = run(
        pytester,
        """
    import time

    @check_gradients_of(lambda x: tanh(x))
    @settings(deadline=1, max_examples=3)
    def test_slow(report):
        time.sleep(0.05)
""",
    )
    result.assert_outcomes(failed=1)
    assert "DeadlineExceeded" in text


def test_ranges_for_each_input_nested_lists_arrays_strategies_and_constants(pytester):
    result, _ = run(
        pytester,
        """
    def layer(X, w, *, power=2):
        return np.sum(np.tanh(X @ w) ** power)

    def backward(X, w, *, power=2):
        t = np.tanh(X @ w)
        d = power * t ** (power - 1) * (1 - t * t)
        return np.outer(d, w), X.T @ d

    @check_gradients_of(layer, {"X": arrays((3, 2), -1, 1), "w": arrays(2, 0, 2), "power": 3},
                        gradient=backward, undecided="allow", examples=10)
    def test_arrays(report, X, w):
        assert X.shape == (3, 2) and 0 <= w.min() <= w.max() <= 2
        assert report.verdict in ("right", "undecided")

    @check_gradients_of(lambda w, p: dot(w, p["x"]) * p["b"],
                        {"w": [(-3, 3)] * 3, "p": {"x": [(0, 1)] * 3, "b": st.sampled_from([1.0, 2.0])}},
                        examples=10)
    def test_nested(report, w, p):
        assert len(w) == 3 and p["b"] in (1.0, 2.0)
""",
    )
    result.assert_outcomes(passed=2)


def test_points_outside_the_domain_are_skipped_or_fail(pytester):
    result, text = run(
        pytester,
        """
    @check_gradients_of(lambda x: log(x), undefined="skip", examples=20)
    def test_skipped(report, x):
        assert x > 0

    @check_gradients_of(lambda x: log(x), {"x": (-3, -1)}, examples=5)
    def test_failing(report): ...
""",
    )
    result.assert_outcomes(passed=1, failed=1)
    assert "DomainError" in text


def test_random_functions_and_undecided_verdicts_fail_in_the_decorator_and_in_the_fixture(pytester):
    result, text = run(
        pytester,
        """
    import random
    rng = random.Random(0)

    @check_gradients_of(lambda x: x * rng.random(), examples=5)
    def test_chance(report): ...

    def test_chance_with_the_fixture(gradcheck):
        gradcheck(lambda x: x * rng.random(), 1.0)

    @check_gradients_of(lambda x: tanh(x), {"x": (17, 18)}, examples=5)
    def test_undecided(report): ...

    def test_undecided_with_the_fixture(gradcheck):
        gradcheck(tanh, 17.0)

    @check_gradients_of(lambda x: tanh(x), {"x": (17, 18)}, examples=5, undecided="allow")
    def test_allowed(report): ...

    def test_allowed_with_the_fixture(gradcheck):
        gradcheck(tanh, 17.0, undecided="allow")
""",
    )
    result.assert_outcomes(passed=2, failed=4)
    assert "not deterministic" in text


def test_the_fixture_takes_the_arguments_of_the_decorator(pytester):
    result, text = run(
        pytester,
        """
    def test_many(gradcheck):
        gradcheck(lambda X: np.sum(X**2), domain={"X": arrays(3, -1, 1)}, examples=5, gradient=lambda X: 2 * X)

    def test_wrong(gradcheck):
        gradcheck(lambda X: np.sum(X**2), domain={"X": arrays(3, -1, 1)}, examples=5, gradient=lambda X: -2 * X)

    def test_one(gradcheck):
        assert gradcheck(lambda X, *, k: np.sum(X) * k, np.ones((2, 2)), k=2.0, order=1).right

    def test_skipped(gradcheck):
        gradcheck(log, -1.0, undefined="skip")

    def test_both(gradcheck):
        with pytest.raises(TypeError, match="not both"):
            gradcheck(log, 1.0, examples=3)
""",
    )
    result.assert_outcomes(passed=3, failed=1, skipped=1)
    assert "X: the gradient has the wrong sign" in text


def test_async_tests_and_functions_and_unknown_names_are_refused():
    with pytest.raises(TypeError, match="async"):

        @check_gradients_of(tanh)
        async def test(report): ...

    async def f(x):
        return x

    from autograd.checking import check_gradients

    with pytest.raises(TypeError, match="async"):
        check_gradients(f, 1.0)
    with pytest.raises(ValueError, match="z in the domain"):
        check_gradients_of(lambda x: x, {"z": (0, 1)})
    with pytest.raises(ValueError, match="low <= high"):
        check_gradients_of(lambda x: x, {"x": (1, 0)})
    with pytest.raises(ValueError, match="no parameters whose names are known"):
        check_gradients_of(lambda *xs: xs[0])


@pytest.mark.parametrize("domain", [(4, 3), "x", 3, range(2)])
def test_a_domain_that_is_no_dict_is_refused(domain):
    with pytest.raises(TypeError, match="domain must be a dict from the names of parameters to ranges"):
        check_gradients_of(tanh, domain)


def test_arrays_are_drawn_by_hypothesis_extra_numpy():
    from hypothesis import find

    found = find(arrays((2, 3), -1, 1), lambda a: True)
    assert found.shape == (2, 3)
    assert found.dtype == float
