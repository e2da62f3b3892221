"""The interactive prompt: every command, its short form, mistakes, and input from a pipe."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from autograd import Value, backprop, tanh
from autograd.prompt import Prompt


def transcript(commands: str) -> list[str]:
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    root = tanh(a * b + a)
    root.label = "L"
    Prompt(backprop(root), io.StringIO(commands)).cmdloop()
    return []


def answers(capsys, commands: str) -> str:
    transcript(commands)
    return capsys.readouterr().out.replace("∂", "d")


@pytest.mark.parametrize(
    ("short", "long", "shown"),
    [
        ("s", "step", "[0/5] seed"),
        ("s 3", "step 3", "[2/5] v3 = v2 + a"),
        ("n", "next", "[0/5] seed"),
        ("u a", "until a", "[4/5] v2 = a * b"),
        ("f", "finish", "every grad is what backward() gives"),
        ("g 5", "goto 5", "b.grad: 0.0000 -> "),
        ("r", "reset", "0 done"),
        ("p", "peek", "[0/5] seed"),
        ("w", "where", "->L"),
        ("a a b", "watch a b", "watching a, b"),
        ("c", "check", "numerical"),
        ("h", "help", "s, step [COUNT]: do the next step"),
        ("h u", "help until", "u, until NAME: go on until"),
    ],
)
def test_the_short_form_does_what_the_long_one_does(capsys, short, long, shown):
    first, second = answers(capsys, f"{short}\nq\n"), answers(capsys, f"{long}\nq\n")
    assert shown in first
    assert first.replace(f"(backprop) {short}", "") == second.replace(f"(backprop) {long}", "")


def test_back_undoes(capsys):
    out = answers(capsys, "f\nb 2\nw\n")
    assert "[3/5]" in out
    assert "->v2" in out


def test_save_writes_a_picture(capsys, tmp_path):
    target = tmp_path / "step.svg"
    assert f"picture: {target}" in answers(capsys, f"g 3\no {target}\n")
    assert "<svg" in target.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("dance", "'dance' is not a command"),
        ("help dance", "'dance' is not a command"),
        ("goto", "'' is not a whole number"),
        ("step x", "'x' is not a whole number"),
        ("step 0", "goes nowhere"),
        ("goto 99", "from -1 to 5"),
        ("until", "until which value?"),
        ("until q", "no value is called 'q'"),
        ("watch q", "no value is called 'q'"),
        ("save", "save where?"),
        ("save no_such_folder/x.svg", "no_such_folder"),
    ],
)
def test_a_mistake_prints_one_line_and_the_prompt_goes_on(capsys, command, message):
    out = answers(capsys, f"{command}\nstep\nq\n")
    assert message in out
    assert "[0/5] seed" in out


def test_the_end_of_the_input_is_the_end(capsys):
    assert answers(capsys, "step").rstrip().endswith("L.grad: 0.0000 -> +1.0000")


def test_the_command_line_steps_through_piped_commands():
    result = subprocess.run(
        [sys.executable, "-m", "autograd", "step", "x * x", "x=3"],
        input="until x\nwhere\n",
        env={"PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONIOENCODING": "utf-8", "PATH": ""},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert "(backprop) until x" in result.stdout
    assert "x.grad: +3.0000 -> +6.0000   (2 of 2 contributions, final)" in result.stdout


def test_a_stepper_has_a_prompt_of_its_own(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO("step\nquit\n"))
    x = Value(3.0, "x")
    bp = backprop(x * x)
    bp.prompt()
    assert "[0/2] seed" in capsys.readouterr().out
    assert bp.done == 0
