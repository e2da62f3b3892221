"""The checker finds the cause in every wrong engine, and reports no error for the right one."""

import itertools
import math
import random

import pytest

pytest.importorskip("mpmath")

import autograd
from autograd import TABLE, Value, exp, log1p, logsigmoid, operation, relu, sin, tanh, total
from autograd.checking import GradientError, Line, Program, check, check_gradients
from autograd.checking.cases.generation import FAMILIES, from_generator, generate
from autograd.recording import function_of
from tests import mutants, truth

PROGRAMS = 60
"""Number of random programs, of which each wrong engine fails at least one."""


def programs_with(op, family, count=PROGRAMS, **options):
    """Yield random programs that contain an operation."""
    pool = [op, op, *(TABLE[name] for name in ("add", "mul", "sub", "tanh", "sin", "exp", "relu")), op]
    found = 0
    for seed in range(50 * count):
        rng = random.Random(f"{op.name} {family} {seed}")
        program = generate(from_generator(rng), family=family, operations=pool, **options)
        if any(line.op is op for line in program.lines):
            found += 1
            yield program
        if found == count:
            return


def caught(op, families):
    """Return the report of the first random program for which an operation is wrong."""
    for family in families:
        for program in programs_with(op, family, max_operations=6):
            report = check(program.record()[0], order=1)
            if report.verdict == "wrong":
                assert check(mutants.righted(program).record()[0], order=1).verdict != "wrong"
                return report
    return None


@pytest.mark.parametrize("op", mutants.FORMULAS + mutants.SMALL, ids=lambda op: f"{op.name} {op.partials}")
def test_a_wrong_formula_is_caught_and_named_by_a_program_of_one_operation(op):
    report = caught(op, ["tame", "wide"])
    assert report is not None
    assert report.cause.place.op is op
    assert [line.op for line in report.smallest.lines] == [op]
    assert op.name in report.failure()


@pytest.mark.parametrize("op", mutants.POINTS, ids=lambda op: f"{op.name} {op.partials}")
def test_a_rule_wrong_only_at_a_special_point_is_caught_there(op):
    report = caught(op, ["kinks"])
    assert report is not None
    assert report.cause.place.op is op


@pytest.mark.parametrize("backward", mutants.ACCUMULATIONS, ids=lambda f: f.__name__)
def test_a_wrong_accumulation_is_caught(backward, monkeypatch):
    monkeypatch.setattr("autograd.value.backward", backward)
    report = next((report for report in reports("tame", 200) if report.verdict == "wrong"), None)
    assert report is not None
    assert report.cause.question in ("accumulation", "protocol")
    assert len(report.smallest.lines) <= 3


def reports(family, count, order=1):
    for seed in range(count):
        program = generate(from_generator(random.Random(f"{family}{seed}")), family=family)
        yield check(program.record()[0], order)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_gradient_of_the_right_engine_is_reported_as_wrong(family):
    wrong = [report for report in reports(family, 400) if report.verdict == "wrong"]
    assert wrong == []


@pytest.mark.parametrize("family", ["tame", "kinks"])
def test_no_second_derivative_of_the_right_engine_is_reported_as_wrong(family):
    wrong = [report for report in reports(family, 40, order=2) if report.verdict == "wrong"]
    assert wrong == []


# Functions


def test_a_function_of_several_arguments_and_sequences_is_checked_by_name():
    report = check_gradients(lambda w, x, b: tanh(autograd.dot(w, x) + b), [0.5, -1.0], [1.0, 2.0], 0.1)
    assert report.verdict == "right"
    names = [report.name(f.place) for f in report.findings if f.question == "end to end"]
    assert sorted(names) == ["b", "w[0]", "w[1]", "x[0]", "x[1]"]


@pytest.mark.parametrize(
    ("f", "word"),
    [
        (lambda x: x * x.detach(), "detached"),
        (lambda x: x * x.data, "operand 2 was recorded as the plain number"),
        (lambda x: tanh(x) + math.sin(x.data), "operand 2 was recorded as the plain number"),
        (lambda x: x * Value(math.exp(x.data)), "created inside the function"),
        (lambda x: x.data**2, "an edge is missing"),
    ],
)
def test_a_missing_edge_is_found_and_the_function_itself_is_the_truth(f, word):
    report = check_gradients(f, 0.7, raises=False)
    assert report.verdict == "wrong"
    assert report.cause.question == "record"
    assert word in report.failure()
    with pytest.raises(GradientError, match="the recorded graph differs from the function"):
        check_gradients(f, 0.7)


def test_the_failure_of_a_nondeterministic_function_states_the_cause():
    rng = random.Random(0)
    with pytest.raises(GradientError, match="the function is not deterministic"):
        check_gradients(lambda x: x * rng.random(), 1.0)
    with pytest.raises(GradientError, match="the function is not deterministic"):
        check_gradients(lambda x: x * rng.random(), 1.0, gradient=lambda x: 0.5)
    with pytest.raises(GradientError, match="the gradient is not deterministic"):
        check_gradients(lambda x: x * x, 1.0, gradient=lambda x: 2 * x * (1 + 1e-15 * rng.random()))


def test_the_failure_of_an_operation_with_a_random_partial_states_the_cause():
    rng = random.Random(0)
    noisy = operation("noisy(x)", lambda x: x * x, [lambda x: 2 * x * (1 + 1e-12 * rng.random())])
    with pytest.raises(GradientError, match="the partial of noisy is not deterministic"):
        check_gradients(noisy, 1.5)
    report = tanh(noisy(Value(1.5, "x"))).check()
    assert report.verdict == "wrong"
    assert "the partial of noisy is not deterministic" in str(report)


def test_a_branch_at_the_point_is_undecided():
    report = check_gradients(lambda x: x * x if x <= 1 else 3 * x, 1.0, raises=False)
    assert report.verdict == "undecided"
    assert "branches" in str(report)


@pytest.mark.parametrize(
    ("f", "point"),
    [
        (lambda x: x if x > 0 else 0.0, (0.0,)),
        (lambda x: autograd.where(x > 0, x, -x), (0.0,)),
        (lambda x: autograd.where(x > 0, x * x, x**3), (0.0,)),
        (lambda x, y: max(x, y) * 2, (1.0, 1.0)),
        (lambda w: sorted(w)[1] * 2 + w[0], ([1.0, 1.0, 3.0],)),
        (lambda x: x * x / 2 if abs(x) <= 1 else abs(x) - 0.5, (1.0,)),
    ],
)
def test_where_a_function_branches_the_gradient_lies_between_the_one_sided_derivatives(f, point):
    report = check_gradients(f, *point)
    assert report.verdict == "right"
    assert any("the function branches here" in f.why for f in report.findings)


def test_a_branch_for_one_point_alone_with_another_derivative_is_wrong():
    for f in (
        lambda x: x * x if x.data != 1 else x * 1.0,
        lambda x: autograd.where(x.data == 1, 5 * x - 4, x),
    ):
        report = check_gradients(f, 1.0, raises=False)
        assert report.verdict == "wrong"
        assert "the branch taken at this point" in report.failure()


def test_a_distant_branch_does_not_matter():
    assert check_gradients(lambda x: autograd.where(x > 1, x * x, 3 * x), 1.001).right
    assert check_gradients(lambda x: x * x if x > 1 else 3 * x, 1.001).right


def test_a_rounded_number_is_not_a_missing_edge_where_it_jumps():
    report = check_gradients(lambda x: x * round(x.data), 0.5, raises=False)
    assert report.verdict == "undecided"
    assert "jumps here" in str(report)
    assert check_gradients(lambda x: x * round(x.data), 0.7).right


def test_a_function_that_raises_at_all_nearby_points_is_undecided():
    def touchy(x):
        if x.data != 2.0:
            raise RuntimeError
        return x * x

    report = check_gradients(touchy, 2.0, raises=False)
    assert report.verdict == "undecided"
    assert "raises an exception at all nearby points" in str(report)


def test_at_a_kink_the_gradient_lies_between_the_sides_and_the_report_says_so():
    report = check_gradients(abs, 0.0)
    assert report.verdict == "right"
    assert "a kink, between -1 and 1" in str(report)


def test_conventions_at_kinks_that_do_not_compose_are_undecided():
    report = check_gradients(lambda x: relu(x) - relu(-x), 0.0, raises=False)
    assert report.verdict == "undecided"
    assert "relu is at a kink" in str(report)


def test_a_vertical_tangent_is_an_infinite_gradient():
    assert check_gradients(autograd.sqrt, 0.0).verdict == "right"
    assert check_gradients(autograd.cbrt, 0.0).verdict == "right"


def test_a_gradient_lost_to_rounding_is_undecided():
    report = check_gradients(lambda x: autograd.cos(x * x), 2401828513.0, raises=False)
    assert report.verdict == "undecided"
    assert "rounding errors can change this gradient" in str(report)


def test_a_graph_with_an_infinite_number_is_undecided():
    x = Value(1000.0, "x")
    report = check(exp(x) * 2.0)
    assert report.verdict == "undecided"
    assert "inf" in str(report)


def test_rounding_in_high_precision_is_not_a_kink_of_a_constant_function():
    x = Value(2.099608269671835)
    same = log1p(logsigmoid(x))
    assert ((same / 3) / same).check().right  # the terms cancel up to rounding errors


def test_a_constant_function_has_gradient_zero():
    assert check_gradients(lambda x: 3.0, 1.0).verdict == "right"


def test_arguments_that_are_not_functions_or_numbers_are_refused():
    with pytest.raises(TypeError, match="takes a function and a point"):
        check_gradients(3.0, 1.0)
    for point in ("1", True, None, 1j):
        with pytest.raises(TypeError, match="expected a real number"):
            check_gradients(lambda x: x, point)
    with pytest.raises(TypeError, match="f must return real numbers, got None"):
        check_gradients(lambda x: None, 1.0)


def test_a_function_that_overwrites_its_argument_is_refused():
    def overwrites(x):
        y = x * x
        x.data = 5.0
        return y

    with pytest.raises(ValueError, match="f overwrote the data of its argument x"):
        check_gradients(overwrites, 2.0)


def test_check_refuses_anything_but_a_value():
    with pytest.raises(TypeError, match="check takes the Value"):
        check(3.0)


# Opaque functions


@pytest.mark.parametrize(
    ("f", "right", "wrong", "point"),
    [
        (math.sin, math.cos, lambda x: -math.cos(x), 1.0),
        (lambda x: x**3, lambda x: 3 * x * x, lambda x: 3 * x * x * (1 + 1e-9), 1.5),
        (lambda x: math.exp(-x * x), lambda x: -2 * x * math.exp(-x * x), lambda x: -2 * math.exp(-x * x), 0.3),
        (lambda x: x * math.sin(x), lambda x: math.sin(x) + x * math.cos(x), math.sin, 0.7),
        (abs, lambda x: 0.5, lambda x: 2.0, 0.0),
    ],
)
def test_a_hand_written_gradient_of_an_opaque_function_is_checked(f, right, wrong, point):
    assert check_gradients(f, point, gradient=right).verdict == "right"
    assert check_gradients(f, point, gradient=wrong, raises=False).verdict == "wrong"


def test_a_fast_oscillation_is_not_aliased():
    def slope(x):
        return 1e6 * math.cos(1e6 * x)

    def wave(x):
        return math.sin(1e6 * x)

    assert check_gradients(wave, 0.7, gradient=slope).right
    assert check_gradients(wave, 0.7, gradient=lambda x: slope(x) * (1 + 1e-6), raises=False).verdict == "wrong"


def test_a_function_in_float32_is_judged_by_the_precision_of_float32():
    import struct

    def single(x):
        return struct.unpack("f", struct.pack("f", x))[0]

    def square(x):
        return single(single(x) ** 2)

    for x in (0.7, 0.3, 1.9, -2.6):
        assert check_gradients(square, x, gradient=lambda x: 2 * single(x)).verdict != "wrong"
        assert check_gradients(square, x, gradient=lambda x: 2.1 * x, raises=False).verdict == "wrong"


def test_an_opaque_function_that_jumps_is_undecided():
    def below(x):
        return float(math.floor(x))

    assert check_gradients(below, 1.0, gradient=lambda x: 0.0, raises=False).verdict == "undecided"
    assert check_gradients(below, 1.5, gradient=lambda x: 0.0).right


def test_the_nan_gradient_of_where_over_an_excluded_division_by_zero_is_wrong():
    jax = pytest.importorskip("jax")
    sinc = jax.jit(lambda x: jax.numpy.where(x == 0, 1.0, jax.numpy.sin(x) / x))
    assert check_gradients(sinc, 0.0, gradient="jax", raises=False).verdict == "wrong"
    assert check_gradients(sinc, 0.5, gradient="jax").right


@pytest.mark.parametrize(("f", "gradient"), [(lambda x: "a", abs), (math.sin, str), (math.sin, lambda x: None)])
def test_an_opaque_function_or_gradient_that_does_not_return_numbers_is_refused(f, gradient):
    with pytest.raises(
        TypeError, match=r"f must return one real number or an array, got 'a'|expected a real number"
    ):
        check_gradients(f, 1.0, gradient=gradient)


def test_an_opaque_gradient_without_a_number_for_each_argument_is_refused():
    with pytest.raises(ValueError, match="each of the 2 arguments x, y, got 1 number"):
        check_gradients(lambda x, y: x * y, 1.0, 2.0, gradient=lambda x, y: [y])
    with pytest.raises(ValueError, match="'torch' or 'jax'"):
        check_gradients(lambda x: x, 1.0, gradient="numpy")


def test_a_function_of_torch_is_checked():
    torch = pytest.importorskip("torch")
    assert check_gradients(lambda x, y: torch.sin(x) * y, 0.5, 2.0, gradient="torch").verdict == "right"
    detached = check_gradients(lambda x: x * x.detach(), 3.0, gradient="torch", raises=False)
    assert detached.verdict == "wrong"


def test_a_function_of_jax_is_checked():
    jax = pytest.importorskip("jax")
    assert check_gradients(lambda x, y: jax.numpy.sin(x) * y, 0.5, 2.0, gradient="jax").verdict == "right"


# Operations of a user


def test_a_users_operation_is_checked_in_one_line():
    softsign = operation("softsign(x)", "x / (1 + abs(x))", ["1 / square(1 + abs(x))"])
    assert softsign(Value(0.7)).check(order=2).verdict == "right"
    wrong = operation("softsign(x)", "x / (1 + abs(x))", ["1 / (1 + abs(x))"])
    report = wrong(Value(0.7)).check()
    assert report.verdict == "wrong"
    assert "softsign, the partial" in report.failure()


@pytest.mark.parametrize(("signature", "value", "right", "wrong"), mutants.DECLARED, ids=lambda x: str(x)[:10])
def test_a_declared_operation_is_the_cause_if_and_only_if_it_is_wrong(signature, value, right, wrong):
    rng = random.Random(signature)
    correct, mistaken = operation(signature, value, right), operation(signature, value, wrong)
    verdicts = set()
    for _ in range(4):
        length = 3 if correct.op.variadic else 1
        flat = [rng.uniform(0.2, 3.0) for _ in range(length * len(correct.op.operands))]
        operands = correct.op.grouped([Value(x) for x in flat])
        assert check(tanh(0.5 * correct(*operands))).verdict != "wrong"
        report = check(tanh(0.5 * mistaken(*operands)))
        verdicts.add(report.verdict)
        assert report.verdict != "wrong" or report.cause.place.op is mistaken.op
    assert "wrong" in verdicts


def test_an_operation_in_python_is_checked_by_finite_differences():
    right = operation("f(x)", lambda x: x * math.sin(x), [lambda x: math.sin(x) + x * math.cos(x)])
    wrong = operation("f(x)", lambda x: x * math.sin(x), [lambda x: math.sin(x) - x * math.cos(x)])
    x = Value(0.7, "x")
    assert check(tanh(right(x) * x)).verdict == "right"
    report = check(tanh(wrong(x) * x))
    assert report.verdict == "wrong"
    assert report.cause.place.op.name == "f"


def test_a_wrong_second_derivative_with_a_right_first_one_is_found():
    # Its first derivative is right only at this point.
    sly = operation("sly(x)", "x * x", ["4 + 0 * x"])
    x = Value(2.0)
    assert check(sly(x)).verdict == "right"
    report = check(sly(x), order=2)
    assert report.verdict == "wrong"
    assert report.cause.question == "order 2"


# Graphs and models


def test_a_check_changes_no_grad():
    x = Value(2.0)
    y = x * x
    (y * 3.0).backward()
    before = (x.grad, y.grad)
    check(y, order=2)
    assert (x.grad, y.grad) == before


def test_a_model_with_its_loss_is_checked_and_a_wrong_operation_in_it_found():
    from nn import MLP, moons, mse_loss

    rng = random.Random(0)
    data = moons(12, rng=rng)

    def loss(activation):
        model = MLP(2, [6, 6, 1], activation=activation, rng=rng)
        return mse_loss([model(inputs) for inputs in data.inputs], data.targets)

    assert check(loss("tanh")).verdict == "right"
    sloppy = operation("sloppy(x)", "tanh(x)", ["1.0 - out * out * 1.0000001"])
    report = check(loss(sloppy))
    assert report.verdict == "wrong"
    assert report.cause.place.op.name == "sloppy"
    assert [line.op.name for line in report.smallest.lines] == ["sloppy"]


def test_all_inputs_of_a_large_graph_are_checked():
    x = [Value(1.0 + k / 500) for k in range(500)]
    loss = total([tanh(a * b) for a, b in itertools.pairwise(x)])
    report = check(loss)
    assert report.verdict == "right"
    assert sum(finding.question == "end to end" for finding in report.findings) == 500


def test_a_long_chain_of_one_input_is_right_and_its_operations_are_sampled(monkeypatch):
    monkeypatch.setattr("autograd.checking.questions.end_to_end.BUDGET", 100)
    monkeypatch.setattr("autograd.checking.questions.higher.MOST_POINTS", 10)
    y = Value(0.5, "x")
    for _ in range(200):
        y = y * 0.9999
    report = check(y, order=2)
    assert report.right
    assert sum(finding.question == "order 2" for finding in report.findings) == 11


def test_a_second_derivative_at_a_huge_number_exists():
    report = check_gradients(sin, 1e22)
    assert not any("no derivative" in finding.why for finding in report.findings)


# Failures


def test_a_failure_names_the_cause_and_shows_numbers_and_a_program_that_runs(capsys):
    wrong = next(op for op in mutants.FORMULAS if op.name == "tanh")
    x0 = Value(0.5, "x0")
    report = check(function_of(wrong)(exp(x0)))
    text = report.failure()
    assert "the derivative of f with respect to x0 is wrong at tanh" in text
    assert "= 1.0 - out * out" in text
    assert "smallest program that shows it: v0 = tanh(x0)   at x0 = 1" in text
    exec(report.smallest.code(), {})  # with the engine's own tanh, which is right
    assert float(capsys.readouterr().out) == pytest.approx(1 - math.tanh(1) ** 2)


def test_the_picture_of_the_smallest_program_is_saved(tmp_path):
    wrong = operation("cube(x)", "x * x * x", ["2 * x * x"])
    target = tmp_path / "wrong" / "cube.svg"
    with pytest.raises(GradientError, match="picture: "):
        check_gradients(wrong, 2.0, save=target)
    assert "cube" in target.read_text("utf-8")


def test_a_program_prints_itself_as_code_that_gives_its_gradients(capsys):
    dot, div = TABLE["dot"], TABLE["div"]
    program = Program((2.0, 3.0), (Line(dot, (0, 1, 1, 0.5)), Line(div, (2, 0))))
    root, leaves = program.record()
    root.backward()
    exec(program.code(), {})
    assert capsys.readouterr().out.split() == [repr(leaf.grad) for leaf in leaves]


# The whole table


@pytest.mark.parametrize("name", sorted(TABLE))
def test_the_whole_table_passes_for_every_order_up_to_3(name):
    for point in truth.POINTS[name][:4]:
        if all(x == 0 or 1e-5 <= abs(x) <= 1e5 for x in point):
            root = function_of(TABLE[name])(*TABLE[name].grouped([Value(x) for x in point]))
            report = check(root, order=3)
            assert report.verdict != "wrong", report
            assert any(f.question == "order 3" for f in report.findings)


def test_sin_of_a_million_x_is_right_where_finite_differences_fail():
    assert check_gradients(lambda x: sin(1e6 * x), 0.7).verdict == "right"


def test_a_huge_number_near_a_singular_point_is_checked_quickly():
    # A step away from acos(1) the exponential has millions of digits, and a cosine of it would take minutes.
    x = Value(1.0)
    report = check(autograd.cos(exp(autograd.cbrt(1e33 * autograd.acos(x)))))
    assert report.verdict != "wrong"


@pytest.mark.parametrize("order", [0, 4, 7, "2", True, 1.5])
def test_an_unsupported_order_is_refused(order):
    with pytest.raises(ValueError, match="order 1, 2 or 3"):
        check_gradients(lambda x: x * x, 0.5, order=order)
    with pytest.raises(ValueError, match="order 1, 2 or 3"):
        (Value(0.5) * 2.0).check(order)
