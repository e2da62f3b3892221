"""A dot that hangs, floods, crashes or prints garbage raises a clear error soon and leaves nothing behind."""

import shlex
import stat
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from autograd import Value, draw, tanh
from autograd.drawing import dot_process, render
from autograd.drawing.dot_process import DotError, DotTimeoutError
from tests.helpers import assert_becomes_true

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the false dots are shell scripts")


@pytest.fixture
def graph():
    x = Value(2.0, "x")
    return tanh(x * 3 + x)


@pytest.fixture
def false_dot(tmp_path, monkeypatch):
    """Return a program in place of dot, as a shell script."""

    def make(script):
        path = tmp_path / "bin" / "dot"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IEXEC)
        monkeypatch.setenv(dot_process.VARIABLE, str(path))
        return path

    return make


FAILURES = {
    "hangs": ("sleep 600", DotTimeoutError, "did not finish the layout within 1 s.*depth=3.*timeout=4"),
    "hangs in a child": ("sleep 600 & wait", DotTimeoutError, "did not finish the layout within 1 s"),
    "floods": ("cat > /dev/null; yes 0123456789", DotError, "printed too much"),
    "floods with errors": ("cat > /dev/null; yes error 1>&2", DotError, "printed too much"),
    "prints garbage": ("cat > /dev/null; echo hello", DotError, "not svg"),
    "prints half": ("cat > /dev/null; echo '<?xml?><svg><g>'", DotError, "not svg"),
    "prints nothing": ("cat > /dev/null", DotError, "printed nothing"),
    "dies": ("kill -SEGV $$", DotError, "died .SIGSEGV"),
    "fails": ("echo 'libexpat.so is missing' 1>&2; exit 127", DotError, "libexpat.so is missing"),
    "does not read": ("exec 0<&-; echo no; exit 3", DotError, "status 3|refused"),
}


@pytest.mark.parametrize("kind", FAILURES)
@pytest.mark.parametrize("steps", [1, 60], ids=["whole", "rows"])
def test_a_failing_dot_is_a_clear_error_and_leaves_no_file(kind, steps, false_dot, tmp_path, monkeypatch):
    script, error, message = FAILURES[kind]
    false_dot(script)
    monkeypatch.setattr(dot_process, "_MOST", 1_000_000)
    monkeypatch.setattr(dot_process, "_MOST_SAID", 1_000_000)
    x = Value(0.5, "x")
    y = x
    for _ in range(steps):
        y = y * 0.99 + x
    if steps > 1:
        message = message.replace("not svg", "did not give a layout")
    with pytest.raises(error, match=message if steps == 1 else f"{message}|did not give a layout"):
        draw(y, timeout=1.0 if error is DotTimeoutError else 60.0).save(tmp_path / "out" / "picture.svg")
    assert not (tmp_path / "out").exists()


def has_ended(pid):
    """Return whether a process has ended; its parent may not have asked for its status yet."""
    try:
        return " Z " in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are listed in /proc")
def test_nothing_that_a_hanging_dot_has_started_goes_on(false_dot, graph, tmp_path, monkeypatch):
    wait, started = subprocess.Popen.wait, tmp_path / "pids"
    false_dot(f"sleep 600 & echo $! >> {shlex.quote(str(started))}; wait")

    def waiting(process, seconds=None):
        """Let the time limit begin when the child process is there."""
        assert_becomes_true(lambda: started.exists() and started.read_text().endswith("\n"))
        return wait(process, seconds)

    monkeypatch.setattr(subprocess.Popen, "wait", waiting)
    with pytest.raises(DotTimeoutError):
        draw(graph, timeout=1.0).svg()
    monkeypatch.undo()
    for pid in started.read_text().split():
        assert_becomes_true(lambda pid=pid: has_ended(pid))


def test_where_the_usual_settings_take_too_long_quicker_ones_are_tried(false_dot, graph, monkeypatch):
    false_dot('case "$*" in *nslimit*) cat > /dev/null; echo "<?xml?><svg></svg>";; *) sleep 600;; esac')
    run, limits = render.run_dot, []

    def running(arguments, source, seconds):
        limits.append(seconds)
        return run(arguments, source, seconds if len(limits) == 1 else 60.0)  # the second has time here

    monkeypatch.setattr(render, "run_dot", running)
    assert draw(graph, timeout=2.0).svg() == "<?xml?><svg></svg>\n"
    assert limits == [1.0, 1.0]


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_time_limit_is_greater_than_0(graph, timeout):
    with pytest.raises(ValueError, match="timeout must be a positive number of seconds"):
        draw(graph, timeout=timeout)


LABELS = {
    "long": "weight " * 40_000,
    "long Japanese": "重み" * 40_000,
    "long backslashes": "\\" * 40_000,
    "long quotes": "\"<&>'" * 10_000,
    "many accents": "e" + "\u0301" * 40_000,
    "control characters": "".join(map(chr, range(32))) + "\x7f\x85\u2028\ufeff",
    "surrogates": "\ud800 and \udfff",
    "not characters": "\ufffe\uffff\U0010ffff",
    "emoji": "👩‍👩‍👧 🇯🇵",
    "right to left": "\u202eשלום\u202c العربية",
    "spaces": "   ",
    "entities": "&lt; &#x41; &nosuch; \\N \\G %s {x|y} <b>",
}


@pytest.mark.parametrize("kind", LABELS)
def test_a_label_of_any_length_and_content_can_be_drawn(any_dot, kind, tmp_path):
    for steps in (1, 12):  # whole, and in rows
        x = Value(2.0, LABELS[kind])
        y = x
        for _ in range(steps):
            y = tanh(y * x)
        y.label = LABELS[kind]
        text = draw(y, step=1).svg()
        assert text.rstrip().endswith("</svg>")
        assert len(text) < 400_000
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the bundled dot has no letters for some of them
        draw(tanh(x), step=1).save(tmp_path / "label.png")
    assert "</html>" in draw(tanh(x), step=1).html()
