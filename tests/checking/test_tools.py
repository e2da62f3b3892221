"""Tools for users' tests: strategies, the pytest plugin, the command line, programs."""

import math
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

pytest.importorskip("mpmath")
hypothesis = pytest.importorskip("hypothesis")

from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

import autograd
from autograd import TABLE, Value, cos, exp, operation
from autograd.checking import (
    GradientError,
    Line,
    Program,
    check,
    check_gradients,
    check_gradients_of,
    expressions,
    numbers,
    operands,
    programs,
)
from autograd.checking.cases.generation import FAMILIES
from autograd.command_line.main import main
from autograd.command_line.parsing import evaluate
from autograd.recording import function_of
from tests import mutants

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


# Strategies


@pytest.mark.parametrize("name", sorted(TABLE))
@QUICK
@given(st.data())
def test_operands_lie_in_the_domain(name, data):
    point = data.draw(operands(name))
    found = function_of(TABLE[name])(*point)  # outside the domain this raises an error
    assert isinstance(found, float)


@pytest.mark.parametrize("family", FAMILIES)
@QUICK
@given(st.data())
def test_random_programs_record_run_and_print_themselves(family, data):
    program = data.draw(programs(family=family))
    root, _ = program.record()
    assert math.isfinite(root.data)
    assert root.data == program.run(program.inputs)[-1]


@QUICK
@given(expressions())
def test_random_expressions_can_be_read(expression):
    text, given_ = expression
    assert math.isfinite(evaluate(text, given_)[0].data)


@pytest.mark.parametrize("index", [0, 10, 20, 30, 40])
def test_a_failing_program_shrinks_to_a_few_operations(index):
    op = mutants.FORMULAS[index]

    def wrong(program):
        return check(program.record()[0]).verdict == "wrong"

    pool = [op, TABLE["add"], TABLE["mul"], TABLE["tanh"], TABLE["sin"], TABLE["exp"]]
    options = settings(
        max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink), database=None,
    )  # fmt: skip
    program = find(programs(operations=pool), wrong, settings=options)
    assert len(program.lines) <= 3
    assert op in [line.op for line in program.lines]


@QUICK
@given(st.from_type(Value))
def test_hypothesis_builds_values_from_annotations(value):
    assert math.isfinite(value.data)
    assert value.op is None


def test_an_unknown_operation_or_family_is_refused():
    with pytest.raises(ValueError, match="unknown operation"):
        operands("nonsense")
    with pytest.raises(ValueError, match="family must be one of"):
        find(programs(family="odd"), lambda _: True)


# The decorator and the fixture, in a user's own suite

SUITE = """
    import math
    from autograd import exp, operation, tanh
    from autograd.checking import check_gradients_of

    cube = operation("cube(x)", "x * x * x", ["3 * x * x"])
    slope = operation("slope(x)", "sqrt(x)", ["1 / sqrt(x)"], domain="x > 0")

    @check_gradients_of(cube)
    def test_cube(report):
        assert report.right

    @check_gradients_of(slope)
    def test_slope(report): ...

    @check_gradients_of(lambda x, y: tanh(x) * exp(y), {"x": (-1, 1), "y": (0, 2)}, examples=20)
    def test_two_arguments(report): ...

    def test_with_the_fixture(gradcheck):
        gradcheck(lambda x: tanh(x) ** 2, 0.5)

    def test_wrong_with_the_fixture(gradcheck):
        gradcheck(math.sin, 0.5, gradient=math.sin)
"""


def test_a_wrong_gradient_in_a_users_test_suite_fails_with_a_readable_message(pytester):
    pytester.makepyfile(SUITE)
    result = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=3, failed=2)
    text = result.stdout.str()
    assert "is wrong at slope" in text
    assert "smallest program that shows it: v0 = slope(x0)   at x0 = 1" in text
    assert "check_gradients(slope, 1.0, order=1)" in text
    assert text.count("GradientError: ") == 2  # the class's name once for each failure, as pytest prints it
    picture = re.search(r"picture: (\S+)", text)[1]
    assert (pytester.path / picture).read_text("utf-8").startswith("<?xml")
    assert "finite differences" in text
    (line,) = set(re.findall(r"E +reproduce: (.*check_gradients\(slope.*)", text))
    again = pytester.makepyfile(again=line)
    assert "GradientError: the derivative of slope" in pytester.runpython(again).stderr.str()


@pytest.mark.parametrize("name", ["log", "asin", "atan2", "pow", "logsumexp", "dot"])
def test_the_decorator_draws_the_operands_of_an_operation_of_the_table_from_its_domain(name):
    @check_gradients_of(getattr(autograd, name), undecided="allow", examples=20)
    def test(report):
        assert report.verdict != "wrong"

    test()


def test_operands_that_are_drawn_together_have_their_names_in_the_test():
    seen = []

    @check_gradients_of(autograd.hypot, undecided="allow", examples=5)
    def test(x, y, point):
        seen.append((x, y) == point)

    test()
    assert seen == [True] * len(seen) != []


def test_a_function_whose_parameters_are_unknown_is_refused():
    with pytest.raises(ValueError, match="max has no parameters whose names are known: wrap it in a function"):
        check_gradients_of(max)


def test_the_decorator_refuses_a_domain_of_other_names():
    with pytest.raises(ValueError, match="z in the domain"):
        check_gradients_of(lambda x: x, {"z": (0, 1)})(lambda report: None)


def test_an_undecided_point_fails_unless_that_is_allowed():
    @check_gradients_of(lambda x: cos(x * x), {"x": numbers(1e9, 2e9)}, examples=5)
    def test(report): ...

    with pytest.raises(GradientError, match='undecided="allow"'):
        test()

    @check_gradients_of(lambda x: cos(x * x), {"x": numbers(1e9, 2e9)}, undecided="allow", examples=5)
    def allowed(report):
        assert report.verdict in ("right", "undecided")

    allowed()


def test_the_error_for_a_missing_dependency_names_the_extra(pytester):
    script = """
        import sys
        sys.modules["mpmath"] = sys.modules["mpmath.ctx_mp"] = None
        from autograd import Value
        try:
            Value(1.0).exp().check()
        except ImportError as error:
            print(error)
    """
    path = pytester.makepyfile(script)
    assert "pip install 'chainwalk[check]'" in pytester.runpython(path).stdout.str()


# The command line


def run(capsys, *arguments):
    status = main(list(arguments))
    captured = capsys.readouterr()
    return status, captured.out + captured.err


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "functions_to_check.py").write_text(
        "from autograd import *\n"
        "def loss(x, y): return tanh(x * y) + exp(x)\n"
        "def cut(x): return x * x.detach()\n"
        "wrong = operation('wrong(x)', 'exp(x)', ['2 * out'])\n"
        "def composed(x): return tanh(wrong(x))\n"
        "def power(x, exponent=2.0): return x ** exponent\n"
        "def broken(x): raise RuntimeError('nothing works')\n"
        "number = 3\n"
        "import math\n"
        "def plain(x, y): return math.sin(x) * y\n"
        "def slope(x, y): return math.cos(x) * y, math.sin(x)\n"
        "def sign(x, y): return math.cos(x) * y, -math.sin(x)\n"
        "def short(x, y): return [math.cos(x) * y]\n"
    )
    monkeypatch.chdir(tmp_path)
    yield "functions_to_check"
    import sys

    sys.modules.pop("functions_to_check", None)


def test_the_command_checks_an_expression_and_a_function(capsys, module):
    status, text = run(capsys, "check", "tanh(w*x + b)", "w=0.5", "x=2", "b=-1")
    assert (status, "verdict: right" in text) == (0, True)
    status, text = run(capsys, "check", f"{module}:loss", "--at", "x=1", "--at", "y=2")
    assert (status, "loss at x = 1, y = 2" in text) == (0, True)


def test_the_exit_status_is_1_for_wrong_and_3_for_undecided(capsys, module, tmp_path):
    status, text = run(capsys, "check", f"{module}:composed", "--at", "x=1", "--save", "wrong.svg")
    assert status == 1
    assert "smallest program that shows it: v0 = wrong(x0)" in text
    assert Path("wrong.svg").exists()
    assert run(capsys, "check", f"{module}:cut", "--at", "x=1")[0] == 1
    assert run(capsys, "check", "relu(x) - relu(-x)", "x=0")[0] == 3


def test_a_hand_written_gradient_is_checked_by_the_command(capsys, module):
    point = ["--at", "x=1", "--at", "y=2"]
    assert run(capsys, "check", f"{module}:plain", "--gradient", f"{module}:slope", *point)[0] == 0
    status, text = run(capsys, "check", f"{module}:plain", "--gradient", f"{module}:sign", "--examples", "5")
    assert (status, "y: it has the wrong sign" in text) == (1, True)
    assert f"from {module} import plain" in text
    status, text = run(capsys, "check", f"{module}:plain", "--gradient", f"{module}:short", "--examples", "5")
    assert (status, "each of the 2 arguments x, y, got 1 number" in text) == (2, True)
    assert run(capsys, "check", f"{module}:plain", *point)[0] == 2
    assert run(capsys, "check", f"{module}:plain", "--gradient", "slope", *point)[0] == 2


def test_the_command_prints_its_version(capsys):
    import autograd

    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"chainwalk {autograd.__version__}\n"


def test_a_report_is_saved_as_a_page_with_the_graph_and_the_edge_that_is_wrong(capsys, module, tmp_path):
    status, text = run(capsys, "check", f"{module}:composed", "--at", "x=1", "--save", "report.html")
    page = Path("report.html").read_text("utf-8")
    assert (status, "report: report.html" in text) == (1, True)
    assert "is wrong at wrong" in page
    assert page.count("<svg") == 2  # the smallest program, and the whole graph
    assert re.search(r'id="graph_e\d+_0" class="edge', page)
    assert run(capsys, "check", "tanh(x)", "x=1", "--save", "right.html")[0] == 0
    assert 'class="chip right"' in Path("right.html").read_text("utf-8")
    with pytest.raises(ValueError, match=r"must end in \.html"):
        check(Value(1.0) * 2).save(tmp_path / "report.txt")


def test_a_report_shows_wrong_numbers_in_the_shape_of_their_array(tmp_path, monkeypatch):
    np = pytest.importorskip("numpy")
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    report = check_gradients(lambda x: np.sum(x**2), np.ones((2, 2)), gradient=lambda x: -2 * x, raises=False)
    report.show()
    page = Path(unquote(opened[0].removeprefix("file://"))).read_text("utf-8")
    assert page.count("<small>expected 2</small>") == 4
    assert page.count("<tr>") == 2
    assert "x: the gradient has the wrong sign" in page


def test_a_parameter_with_a_default_may_be_left_out(capsys, module):
    assert run(capsys, "check", f"{module}:power", "--at", "x=3")[0] == 0
    assert run(capsys, "check", f"{module}:power", "--at", "x=3", "--at", "exponent=3")[0] == 0
    assert run(capsys, "check", f"{module}:power", "--examples", "3")[0] == 0
    assert run(capsys, "check", f"{module}:power", "--at", "exponent=3")[0] == 2


def test_text_in_place_of_a_number_is_refused(capsys, module):
    status, text = run(capsys, "check", f"{module}:loss", "--at", "x=nan", "--at", "y=1")
    assert (status, "not a finite number" in text) == (2, True)


def test_random_points_in_a_box(capsys, module):
    status, text = run(capsys, "check", f"{module}:loss", "--at", "x=-1:1", "--examples", "20")
    assert (status, "20 random points: 20 right" in text) == (0, True)
    status, text = run(capsys, "check", "sqrt(x)", "x=-1:1", "--examples", "30", "--seed", "3")
    assert (status, "outside the domain" in text) == (0, True)
    assert run(capsys, "check", f"{module}:composed", "--examples", "20")[0] == 1


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["sin(x)", "y=1"], "x has no value"),
        (["no_such_module:f"], "no_such_module"),
        (["functions_to_check:nothing"], "nothing"),
        (["functions_to_check:loss", "--at", "x=1"], "give a number for each of x, y"),
        (["functions_to_check:loss", "--at", "x=1", "--at", "y=0:1"], "needs --examples"),
        (["functions_to_check:loss", "--at", "z=1"], "it takes x, y"),
        (["functions_to_check:broken", "--at", "x=1"], "broken raised RuntimeError: nothing works"),
        (["functions_to_check:broken", "--examples", "3"], "broken raised RuntimeError: nothing works"),
        (["functions_to_check:number", "--at", "x=1"], "must be a function, got 3"),
        (["log(x)", "x=-2:-1", "--examples", "5"], "outside the domain"),
    ],
)
def test_input_that_cannot_be_checked_gives_status_2_and_a_one_line_error(capsys, module, arguments, word):
    status, text = run(capsys, "check", *arguments)
    assert status == 2
    assert word in text


def test_declared_operations_work_with_all_tools():
    softsign = operation("softsign(x)", "x / (1 + abs(x))", ["1 / square(1 + abs(x))"])

    @QUICK
    @given(programs(operations=[softsign, "mul", "add"]))
    def never_wrong(program):
        assert check(program.record()[0]).verdict != "wrong"

    never_wrong()


def test_the_example_line_of_a_program_evaluates_to_that_program():
    program = find(programs(), lambda p: len(p.lines) > 2, settings=settings(QUICK, database=None))
    text = program.example().removeprefix("@example(").removesuffix(")")
    assert eval(text, {"Program": Program, "Line": Line, "TABLE": TABLE}) == program


def test_a_program_of_a_report_has_the_labels_of_the_values():
    cube = operation("cube_of(x)", "x * x * x", ["2 * x * x"])
    rate = Value(0.5, "rate")
    loss = cube(exp(rate))
    loss.label = "loss"
    assert "f: v0 = exp(rate); loss = cube_of(v0)   at rate = 0.5" in str(loss.check())
    report = check_gradients(lambda w: cube(exp(w[0]) + w[1]), [0.5, 1.0], raises=False)
    assert "f: v0 = exp(w[0]); v1 = v0 + w[1]; v2 = cube_of(v1)   at w[0] = 0.5, w[1] = 1" in str(report)


def test_the_code_of_a_program_uses_labels_only_as_names_of_variables():
    a, b = Value(2.0, "a"), Value(3.0, "b")
    assert 'a = Value(2.0, "a")' in Program.of(a * b).code()
    printed = []
    exec(Program.of(a * b).code(), {"print": lambda *grads: printed.append(grads)})
    assert printed == [(3.0, 2.0)]
    for label in ("w[0]", "class", "exp", "a", "long" * 20):
        b.label = label
        code = Program.of(a * b).code()
        assert 'x0 = Value(2.0, "x0")' in code
        exec(code, {"print": lambda *grads: printed.append(grads)})
    assert set(printed) == {(3.0, 2.0)}
