"""The command line has limits, for expressions, counts and output; and no traceback in odd environments."""

import os
import subprocess
import sys

import pytest

from autograd.command_line.main import main
from autograd.command_line.parsing import DEEPEST, LONGEST, ExpressionError, evaluate
from tests.helpers import ROOT


def nested(depth):
    return "tanh(" * depth + "x" + ")" * depth


def test_an_expression_of_the_greatest_length_and_depth_is_read():
    terms = (LONGEST - len("total([])")) // 2
    assert evaluate(f"total([{'x,' * terms}])", {"x": 1.0})[0].data == terms
    assert evaluate("x" + "+x" * 700, {"x": 1.0})[0].data == 701
    assert evaluate(nested(DEEPEST - 2), {"x": 1.0})[0].data > 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x" + " " * LONGEST + "+x", "at most 50,000 characters, and this one 50,003"),
        ("f'{" * 300_000, "at most 50,000 characters"),
        ("total([" + "x," * 500_000 + "])", "at most 50,000 characters"),
        (nested(DEEPEST + 1), "nested more than 100 deep"),
        ("-" * 500 + "x", "nested more than 100 deep"),
        ("x" + "**x" * 500, "nested more than 100 deep"),
        ("(" * 300 + "x" + ")" * 300, "not an expression: too many nested parentheses"),
        ("[" * 9_000, "not an expression: too many nested parentheses"),
    ],
)
def test_a_longer_or_deeper_one_is_a_short_error(text, message):
    with pytest.raises(ExpressionError, match=message) as caught:
        evaluate(text, {"x": 1.0})
    assert len(str(caught.value)) < 400


def test_python_prints_no_warning_about_an_expression():
    with pytest.raises(ExpressionError):
        evaluate("1if x else '\\d'", {"x": 1.0})


LONG = "n" * 90_000
RED = "\x1b[31m\u202ered\r"


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", LONG, "x=1"],
        ["explain", "x", f"{LONG}=1"],
        ["explain", "x", f"x={LONG}"],
        ["explain", "x", LONG],
        ["explain", "x*2", "x=1", "--theme", LONG],
        ["explain", "x*2", "x=1", "--save", f"{LONG}/a.svg"],
        ["explain", "x*2", "x=1", "--save", f"{RED}/a.svg"],
        ["explain", "x*2", "x=1", f"--{LONG}"],
        ["explain", "x*2", "x=1", f"--{RED}"],
        ["explain", f"x*2 # {RED}", "x=1", "y=2"],
        ["explain", f"{RED}", "x=1"],
        ["explain", "x", f"{RED}=1"],
        ["check", f"os:{LONG}", "x=1"],
        ["check", "x", "--at", LONG],
        ["check", "x*x", "x=1", "--examples", "1" * 6000],
        ["check", "x*x", "x=1", "--examples", "10000000000000000000000"],
        ["check", "x*x", "x=1", "--examples", RED],
        [LONG],
        [RED],
        ["playground", LONG],
        ["playground", "moons", "--points", "1000000000000"],
        ["playground", "moons", "--layers", "100000,100000"],
        ["playground", "moons", "--layers", ",".join(["8"] * 1000)],
    ],
    ids=lambda arguments: " ".join(word[:12] for word in arguments).encode("unicode_escape").decode(),
)
def test_errors_are_short_and_printable(arguments, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        status = main(arguments)
    except SystemExit as error:
        status = error.code
    said = capsys.readouterr()
    assert status == 2
    assert len(said.err) < 3_000
    assert all(letter.isprintable() or letter == "\n" for letter in said.err + said.out)


def test_a_comment_in_an_expression_does_not_reach_the_terminal_as_it_is(capsys):
    assert main(["explain", f"x*2 # {RED}", "x=1"]) == 0
    out = capsys.readouterr().out
    assert all(letter.isprintable() or letter == "\n" for letter in out)


@pytest.mark.skipif(os.name == "nt", reason="streams of POSIX")
@pytest.mark.parametrize(
    ("redirection", "status"),
    [
        (">&-", 0),
        ("<&-", 0),
        ("<&- >&-", 0),
        ("2>&-", 0),
        ("2> /dev/full", 0),
        ("> /dev/full", 2),
        ("> /dev/full 2>&1", 2),
        ("> /dev/full 2>&-", 2),
        ("y=2 2> /dev/full", 2),
        ("y=2 2>&-", 2),
        ("< /dev/null", 0),
    ],
)
@pytest.mark.parametrize("buffered", ["", "1"])
@pytest.mark.parametrize("command", ["explain", "step"])
def test_a_program_with_closed_or_full_streams_ends_without_a_traceback(command, buffered, redirection, status):
    if "full" in redirection and not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full here")
    line = f"exec '{sys.executable}' -m autograd {command} 'x*2' x=1 {redirection}"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": buffered}
    result = subprocess.run(
        ["sh", "-c", line], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert "Traceback" not in result.stderr
    assert "Exception ignored" not in result.stderr
    assert result.returncode == status


def test_a_long_sum_is_explained_with_short_steps(capsys):
    assert main(["explain", "total([" + "x, " * 15_000 + "])", "x=1"]) == 0
    assert len(capsys.readouterr().out) < 5_000_000
