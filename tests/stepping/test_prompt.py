"""The interactive prompt: every command, its short form, mistakes, and input from a pipe."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from autograd import Value, backprop, tanh
from autograd.stepping.prompt import Prompt


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
        ("c b", "check b", "b   "),
        ("t", "tree", "└─ v3 = v2 + a"),
        ("t 1", "tree 1", "└─ v3 ..."),
        ("u |partial| > 2", "until |partial| > 2", "v2 = a * b"),
        ("u partial<-1e-3", "until partial < -.001", "v2 = a * b"),
        ("u upstream >= +1.e0", "until upstream >= 1", "[1/5] L = tanh(v3)"),
        ("u contribution < 0", "unt contribution < 0", "v2 = a * b"),
        ("h", "help", "s, step [COUNT]       do the next step"),
        ("h u", "help until", "u, until WHAT         go on until"),
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


def test_frames_and_an_animation_are_written(capsys, tmp_path):
    out = answers(capsys, f"m {tmp_path / 'all'}\nl {tmp_path / 'pass.svg'}\n")
    assert "7 pictures: " in out
    assert (tmp_path / "all" / "step_006.svg").exists()
    assert "<animate" in (tmp_path / "pass.svg").read_text(encoding="utf-8")


def test_every_method_of_the_stepper_is_a_command():
    from autograd.stepping.prompt import _SHORT

    methods = {name for name in dir(backprop(Value(1.0))) if not name.startswith("_")}
    inner = {"recorded", "done", "picture", "player", "prompt"}  # objects, and the prompt itself
    assert methods - inner == set(_SHORT.values()) - {"help", "quit"}
    assert len(_SHORT) == len(set(_SHORT.values())) + 1  # h and ? are one


def test_the_help_fits_80_columns(capsys):
    lines = answers(capsys, "h\n").splitlines()
    assert len(lines) > 15
    assert max(map(len, lines)) <= 80


def test_a_name_with_spaces_is_a_name(capsys):
    x = Value(3.0, "the first weight")
    Prompt(backprop(x * x), io.StringIO("watch the first weight\nuntil the first weight\n")).cmdloop()
    out = capsys.readouterr().out
    assert "watching the first weight" in out
    assert "watch the first weight.grad: +6.0000" in out


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is Unix's")
def test_at_a_real_terminal_there_are_colour_history_and_completion():
    import os
    import pty
    import select
    import time

    source, terminal = pty.openpty()
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    process = subprocess.Popen(
        [sys.executable, "-m", "autograd", "step", "x * x * bias", "x=3", "bias=-1"],
        stdin=terminal, stdout=terminal, stderr=terminal, env=environment, start_new_session=True,
    )  # fmt: skip
    os.close(terminal)
    said = b""

    def wait_for(words):
        nonlocal said
        end = time.monotonic() + 120
        while words not in said and select.select([source], [], [], max(0.0, end - time.monotonic()))[0]:
            said += os.read(source, 65536)
        assert words in said
        said = said.partition(words)[2]

    wait_for(b"h for all commands")
    os.write(source, b"until bi\t\n")  # the tabulator completes the name
    wait_for(b"bias.grad: 0.0000 -> \x1b[38;5;32m+9.0000\x1b[0m")
    os.write(source, b"step\n")
    wait_for(b"[3/4]")
    os.write(source, b"\n")  # an empty line repeats the last one
    wait_for(b"[4/4]")
    os.write(source, b"goto 3\n")
    wait_for(b"\x1b[1m[3/4]\x1b[0m")
    os.write(source, b"back\n")
    wait_for(b"[2/4]")
    os.write(source, b"\x1b[A\x1b[A\n")  # the history's last but one: goto 3
    wait_for(b"[3/4]")
    os.write(source, b"q\n")
    assert process.wait(120) == 0
    os.close(source)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("dance", "'dance' is not a command"),
        ("help dance", "'dance' is not a command"),
        ("goto", "'' is not an integer"),
        ("step x", "'x' is not an integer"),
        ("step 0", "takes a count of 1 or more"),
        ("goto 99", "from -1 to 5"),
        ("until", "until which value?"),
        ("until q", "there is no value named 'q'"),
        ("watch q", "there is no value named 'q'"),
        ("until contribution < 1-2", "invalid condition 'contribution < 1-2': compare number, contribution"),
        ("until partial > .", "invalid condition 'partial > .'"),
        ("save", "save where?"),
        ("frames", "frames where? Give a folder"),
        ("animate", "animate where? Give a path"),
        ("save /dev/null/x.svg", "/dev/null"),
    ],
)
def test_a_mistake_prints_one_line_and_the_prompt_goes_on(capsys, command, message):
    out = answers(capsys, f"{command}\nstep\nq\n")
    assert message in out
    assert "[0/5] seed" in out


def test_an_empty_line_from_a_pipe_does_nothing(capsys):
    assert "[1/5]" in answers(capsys, "step\n\nstep\n")
    assert "[2/5]" not in answers(capsys, "step\n\nstep\n")


def test_ctrl_c_drops_the_line_and_the_prompt_goes_on(capsys):
    class Interrupted(io.StringIO):
        def readline(self):
            line = super().readline()
            if "^C" in line:
                raise KeyboardInterrupt
            return line

    x = Value(3.0, "x")
    bp = backprop(x * x)
    Prompt(bp, Interrupted("step\nstep 2 ^C\nstep\n")).cmdloop()
    out = capsys.readouterr().out
    assert "(q quits)" in out
    assert (bp.done, out.count("Backprop of")) == (1, 1)


def test_commands_and_names_of_values_are_completed():
    root = Value(2.0, "width") * Value(3.0, "weight")
    root.label = "product"
    prompt = Prompt(backprop(root), io.StringIO())
    assert prompt.completenames("f") == ["finish", "frames"]
    assert prompt.completedefault("w") == ["width", "weight"]


def test_show_opens_the_picture_of_the_current_step(capsys, monkeypatch):
    shown = []
    monkeypatch.setattr("autograd.drawing.picture.Picture.show", lambda self: shown.append(str(self)))
    answers(capsys, "goto 3\nshow\n")
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    root = tanh(a * b + a)
    root.label = "L"
    bp = backprop(root)
    bp.goto(3)
    assert shown == [str(bp.picture())]


def test_the_end_of_the_input_is_the_end(capsys):
    assert answers(capsys, "step").rstrip().endswith("L.grad: 0.0000 -> +1.0000")


def test_the_command_line_steps_through_piped_commands():
    result = subprocess.run(
        [sys.executable, "-m", "autograd", "step", "x * x", "x=3"],
        input="until x\nwhere\n",
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONIOENCODING": "utf-8", "PATH": ""},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        timeout=60,
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
