"""The command line, run as a user runs it: its output and its exit status."""

import subprocess
import sys
from pathlib import Path

import pytest

import autograd.command_line.main as command_line
from autograd.command_line.main import main


def test_explain_prints_forward_backward_and_checked_gradients(capsys):
    assert main(["explain", "tanh(w*x + b)", "w=0.5", "x=2", "b=-0.5"]) == 0
    out = capsys.readouterr().out.replace("∂", "d")
    assert "v4 = v2 + b      0.5000" in out
    assert "[4/5] v2 = w * x   dv2/dw = x = +2.0000" in out
    assert "      dy/dw += dy/dv2 * dv2/dw = +0.7864 * +2.0000 = +1.5729" in out
    gradient, numerical = out.split("  w  ")[-1].split()[:2]
    assert float(gradient) == pytest.approx(1.5728954659318548)
    assert float(numerical) == pytest.approx(float(gradient))


@pytest.mark.parametrize("suffix", ["svg", "png", "gv"])
def test_save_writes_the_picture_and_prints_its_path(capsys, tmp_path, suffix):
    target = tmp_path / f"out.{suffix}"
    assert main(["explain", "x * x", "x=3", "--save", str(target)]) == 0
    assert f"picture: {target}" in capsys.readouterr().out
    start = {"svg": b"<?xml", "png": b"\x89PNG", "gv": b"digraph"}[suffix]
    assert start in target.read_bytes()[:60]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x + y", "x=1"], "y has no value: give it one with y=... (column 5)"),
        (["x +* y", "x=1", "y=2"], "(column 4)"),
        (["x", "x=one"], "'one' is not a finite number"),
        (["x", "x"], "'x' is not name=number"),
        (["x", "2x=1"], "'2x=1' is not name=number"),
        (["x", "x=1", "x=2"], "x is given twice"),
        (["x", "x=1", "z=2"], "z is given a value but not used"),
        (["log(x)", "x=-1"], "log(x) is undefined at x = -1.0: it needs x > 0"),
        (["1 / x", "x=0"], "div(x, y) is undefined at x = 1.0, y = 0.0: it needs y != 0"),
        (["x", "x=1", "--save", "no_such_folder/x.svg"], "there is no folder 'no_such_folder'; make it first"),
        (["x", "x=1", "--save", "x.doc"], "doc"),
        (["x", "x=1", "--save", ""], "needs a suffix"),
        (["x", "x=1", "--save", "/dev/null/x.svg"], "no folder '/dev/null'"),
        (["x", "x=1", "--bogus"], "there is no option --bogus"),
        (["x", "x=nan"], "'nan' is not a finite number"),
        (["x", "x=-inf"], "'-inf' is not a finite number"),
        (["x", "x=1e400"], "'1e400' is not a finite number"),
        (["x", "x=1/2"], "'1/2' is not a finite number"),
        (["x", "x="], "'' is not a finite number"),
        (["x", "=1"], "'=1' is not name=number"),
        (["ﬁ", "ﬁ=1", "fi=2"], "fi is given twice"),
        (["lambda*2", "lambda=3"], "lambda is a keyword of Python"),
        (["x.real", "x=1"], "(column 1)"),
        (["lambda: x", "x=1"], "(column 1)"),
        (["'a' * x", "x=1"], "'a' is not a real number (column 1)"),
        (["dot([x], [1, 2])", "x=1"], "(column 1)"),
        (["(" * 500 + "x" + ")" * 500, "x=1"], "nested"),
        (["x * \udcff", "x=1"], "not valid text"),
    ],
)
def test_an_invalid_argument_is_an_error_in_one_line_with_exit_status_2(capsys, arguments, message):
    assert main(["explain", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("chainwalk explain: ")
    assert message in captured.err.splitlines()[0]
    assert (captured.out, "Traceback" in captured.err) == ("", False)


def test_ten_thousand_terms_are_explained_or_refused_with_advice(capsys):
    assert main(["explain", f"total([{', '.join(['x'] * 10_000)}])", "x=0.5"]) == 0
    assert "[10000/10000] y = total(x, x, x, x, ..., x)" in capsys.readouterr().out
    if main(["explain", "+".join(["x"] * 10_000), "x=0.5"]):
        assert "total([a, b])" in capsys.readouterr().err


def test_a_closed_pipe_is_not_an_error(tmp_path):
    name = "x" * 50  # the whole report is larger than what a pipe holds before anyone reads it, often 64 KiB
    command = [sys.executable, "-m", "autograd", "explain", "+".join([name] * 900), f"{name}=1"]
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONIOENCODING": "utf-8"}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141  # 1 would say that a gradient is wrong


def test_ctrl_c_is_a_line_and_not_a_traceback(capsys, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "explain", interrupted)
    assert main(["explain", "x * x", "x=3"]) == 130
    assert capsys.readouterr() == ("", "chainwalk explain: interrupted\n")


def test_a_missing_extra_is_a_clear_line_too(capsys, tmp_path, without):
    without("PIL")
    assert main(["explain", "x * x", "x=3", "--save", str(tmp_path / "x.gif")]) == 2
    assert "pip install 'chainwalk[animate]'" in capsys.readouterr().err


def test_save_makes_a_page_in_the_viewers_theme(tmp_path):
    target = tmp_path / "x.html"
    assert main(["explain", "x * x", "x=3", "--save", str(target)]) == 0
    assert '"theme":"auto"' in target.read_text(encoding="utf-8")


@pytest.mark.parametrize("expression", ["-x * 2", "-x*2", "-2*x", "-theta*2", "-s*2"])
def test_an_expression_may_begin_with_a_minus(capsys, expression):
    name = expression.strip("-*2 ")
    assert main(["explain", expression, f"{name}=3"]) == 0
    assert "-6.0000" in capsys.readouterr().out


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[2]
    return subprocess.run(
        [sys.executable, "-m", "autograd", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(root), "PYTHONIOENCODING": "utf-8", "PATH": ""},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


def test_alone_it_shows_a_worked_example_and_where_its_picture_is(tmp_path):
    result = run(folder=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert "[7/7] e = a * b" in result.stdout
    assert "picture: chainwalk.svg" in result.stdout
    assert (tmp_path / "chainwalk.svg").read_text(encoding="utf-8").rstrip().endswith("</svg>")


def test_an_error_leaves_no_traceback_and_no_file(tmp_path):
    result = run("explain", "tanh(q)", "--save", "q.svg", folder=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_without_unicode_gets_plain_letters(tmp_path):
    root = Path(__file__).parents[2]
    result = subprocess.run(
        [sys.executable, "-m", "autograd", "explain", "x*x", "x=3"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(root), "PYTHONIOENCODING": "ascii", "PATH": ""},
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert b"dy/dx = x = +3.0000" in result.stdout


def test_options_may_come_before_the_values(tmp_path, capsys):
    path = tmp_path / "picture.svg"
    assert main(["explain", "w * x", "--save", str(path), "w=0.5", "x=2"]) == 0
    assert path.exists()
    assert "w * x" in capsys.readouterr().out
    assert main(["explain", "w * x", "--save", str(path), "w=0.5", "--nothing", "x=2"]) == 2
    assert "there is no option --nothing" in capsys.readouterr().err
    assert main(["explain", "--theme", "dark", "x=2", "-x*x", "w=1"]) == 2
    assert "'-x*x' is not name=number" in capsys.readouterr().err
    for unknown in (["--nothing"], ["nothing"], ["check", "x", "--order", "7"], ["explain"]):
        assert main(unknown) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_without_arguments_a_worked_example_is_shown_and_drawn(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([]) == 0
    out = capsys.readouterr().out
    assert out.startswith("A worked example. To explain another expression:")
    assert "chainwalk explain" in out
    assert b"<svg" in (tmp_path / "chainwalk.svg").read_bytes()


def test_a_picture_that_cannot_be_saved_is_an_error_in_one_line(capsys, tmp_path):
    (tmp_path / "folder.svg").mkdir()
    assert main(["explain", "x * x", "x=3", "--save", str(tmp_path / "folder.svg")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("chainwalk explain: the picture could not be saved as ")
    assert err.endswith("folder.svg': Is a directory\n")


def test_an_error_shows_the_end_of_a_long_path(capsys, tmp_path):
    folder = tmp_path / ("f" * 100) / ("g" * 100)
    folder.mkdir(parents=True)
    (folder / "folder.svg").mkdir()
    assert main(["explain", "x * x", "x=3", "--save", str(folder / "folder.svg")]) == 2
    assert capsys.readouterr().err.endswith("folder.svg': Is a directory\n")
    assert main(["explain", "x * x", "x=3", "--save", str(folder / "none" / "x.svg")]) == 2
    assert "none'; make it first" in capsys.readouterr().err
    assert main(["explain", "x * x", "x=3", "--save", str(folder / "picture")]) == 2
    assert "picture' needs a suffix" in capsys.readouterr().err
