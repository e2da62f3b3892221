"""`chainwalk doctor`, `--version`, and exit statuses other than "wrong" if nothing was checked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import autograd
import autograd.command_line.main as command_line
from autograd.command_line import doctor
from autograd.command_line.main import main
from autograd.terminal import printable, show

ROOT = Path(__file__).parents[2]


def test_version(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"chainwalk {autograd.__version__}\n"


def test_doctor_reports_what_is_installed(capsys):
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert f"in {printable(str(ROOT / 'autograd'))}" in out
    assert f"Python     {sys.version.split()[0]}" in out
    assert out.endswith("\nno problems\n")


def test_the_doctor_names_extras_that_are_missing(monkeypatch):
    requires = [
        "graphviz>=0.20", "matplotlib<4,>=3.8; extra == 'plot'", 'chainwalk[plot]; extra == "cluster"',
        'no-such-package>=1; extra == "cluster"', "pytest; extra == 'test'",
    ]  # fmt: skip
    monkeypatch.setattr(doctor.importlib.metadata, "requires", lambda _: requires)
    versions = {"matplotlib": "3.9.9"}
    monkeypatch.setattr(doctor, "_version", lambda name: versions.get(name, ""))
    assert dict(doctor._extras()) == {
        "cluster": "missing no-such-package: pip install 'chainwalk[cluster]'   (Dask)",
        "plot": "matplotlib 3.9.9   (plots of training)",
    }


def test_the_doctor_works_without_the_compiler_and_without_metadata(monkeypatch, without, capsys):
    def unknown(_):
        raise doctor.importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(doctor.importlib.metadata, "requires", unknown)
    for name in [name for name in sys.modules if name.startswith("autograd.compiling")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr(autograd, "compiling", raising=False)
    without("llvmlite")
    assert list(doctor._extras()) == []
    assert "the extra `compile`: pip install 'chainwalk[compile]'" in doctor._compiler()


def test_the_doctor_finds_hips_autograd_beside_this_library(capsys, monkeypatch):
    monkeypatch.setattr(doctor, "_version", lambda name: "1.7.0" if name == "autograd" else "")
    assert main(["doctor"]) == 2
    assert "problem: HIPS autograd 1.7.0 is installed too" in capsys.readouterr().out


def test_doctor_reports_a_missing_dot(capsys, monkeypatch):
    monkeypatch.setenv("CHAINWALK_DOT", "/no/such/dot")
    main(["doctor"])
    assert "dot        none: CHAINWALK_DOT=/no/such/dot is not a program" in capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="the false dot is a shell script")
@pytest.mark.parametrize("save", ["report.html", "picture.svg"])
def test_a_check_whose_pictures_cannot_be_drawn_is_one_line_and_status_2(capsys, tmp_path, monkeypatch, save):
    monkeypatch.chdir(tmp_path)
    Path("wrong.py").write_text(
        "from autograd import operation\nf = operation('halved(x)', 'x * x', 'x')\n", encoding="utf-8"
    )
    dot = Path("dot")
    for script in ("exit 1", "kill -SEGV $$", "cat > /dev/null; echo garbage"):
        dot.write_text(f"#!/bin/sh\n{script}\n")
        dot.chmod(0o755)
        monkeypatch.setenv("CHAINWALK_DOT", str(dot.resolve()))
        assert main(["check", "wrong:f", "x=1", "--save", save]) == 2
        assert capsys.readouterr().err.startswith("chainwalk check: ")
    monkeypatch.setenv("CHAINWALK_DOT", "/nowhere/dot")
    assert main(["check", "wrong:f", "x=1", "--save", save]) == 2
    assert "/nowhere/dot" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="names that Windows does not allow")
def test_no_path_controls_the_terminal(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = Path("\x1b[31m\u202e\udcff" if sys.getfilesystemencoding() == "utf-8" else "\x1b[31m")
    folder.mkdir()
    dot = folder / "dot"
    dot.write_text("#!/bin/sh\ncat > /dev/null; echo '<?xml?><svg></svg>'\n")
    dot.chmod(0o755)
    Path("square.py").write_text("def f(x): return x * x")
    monkeypatch.setenv("CHAINWALK_DOT", str(dot.resolve()))
    main(["doctor"])
    assert main(["check", "square:f", "x=1", "--save", f"{folder}/report.html"]) == 0
    monkeypatch.setattr("webbrowser.open", lambda _: True)
    monkeypatch.setattr("tempfile.mkdtemp", lambda **_: str(folder.resolve()))
    show("a picture", Path, "picture.svg")
    said = capsys.readouterr().out
    assert "chosen by $CHAINWALK_DOT" in said
    assert "report: " in said
    assert "picture.svg" in said
    assert all(letter.isprintable() or letter == "\n" for letter in said)


@pytest.mark.parametrize(
    ("name", "source", "message"),
    [
        ("exits", "import sys; sys.exit(0)", "importing exits raised SystemExit: 0"),
        ("broken", "def f(:", "importing broken raised SyntaxError"),
        ("failing", "1/0", "importing failing raised ZeroDivisionError: division by zero"),
        ("empty", "", "has no attribute 'f'"),
        ("raising", "def f(x): raise RuntimeError('no')", "raising:f raised RuntimeError: no"),
    ],
)
def test_a_module_that_cannot_be_used_is_one_line_and_status_2(
    capsys, tmp_path, monkeypatch, name, source, message
):
    monkeypatch.chdir(tmp_path)
    Path(f"{name}.py").write_text(source)
    assert main(["check", f"{name}:f", "x=1"]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"chainwalk check: {name}:f")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(("path", "name"), [("my.py:f", "my:f"), ("./models/my.py:loss", "models.my:loss")])
def test_a_path_in_the_place_of_a_module_is_answered_with_the_module(capsys, path, name):
    assert main(["check", path, "x=1"]) == 2
    assert capsys.readouterr().err.endswith(f"{path} is a path: give the module and the function, {name}\n")


def test_a_folder_that_is_not_there_is_said_before_anything_is_checked(capsys):
    assert main(["check", "x*x", "x=1", "--save", "nowhere/x.svg"]) == 2
    assert capsys.readouterr() == (
        "",
        "chainwalk check: the picture could not be saved: there is no folder 'nowhere'; make it first\n",
    )


def test_an_error_of_the_program_itself_is_not_status_1(capsys, monkeypatch):
    def fails(_):
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(command_line, "explain", fails)
    assert main(["explain", "x*x", "x=1"]) == 70
    err = capsys.readouterr().err
    assert "RuntimeError: a mistake of ours" in err
    assert err.endswith("chainwalk explain: an error in chainwalk itself; please report it\n")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp932", "utf-8"])
@pytest.mark.parametrize(
    "arguments",
    [["explain", "tanh(w*x)*sqrt(w)", "w=1", "x=2"], ["check", "abs(x)", "x=0"], ["doctor"], ["--help"]],
)
def test_every_terminal_can_show_the_output(encoding, arguments):
    found = subprocess.run(
        [sys.executable, "-m", "autograd", *arguments], capture_output=True, check=False, timeout=60,
        env={"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding, "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    assert found.stderr == b""
    assert found.stdout.decode(encoding)


def test_a_misspelt_function_is_answered_with_the_one_that_is_meant(capsys):
    assert main(["explain", "tahn(x)", "x=1"]) == 2
    assert "did you mean tanh?" in capsys.readouterr().err
