"""Whatever happens while a file is written, it has its old content or the new, and nothing else is left."""

import json
import os

import pytest

pytest.importorskip("matplotlib", reason="some files are made with it")
pytest.importorskip("PIL")
pytest.importorskip("safetensors")
pytest.importorskip("llvmlite")
pytest.importorskip("hypothesis")
pytest.importorskip("svglib")

from autograd.drawing.dot_process import dot_command
from tests.helpers import python_output

try:
    dot_command()
except RuntimeError:
    pytest.skip("no dot", allow_module_level=True)

KILLS = int(os.environ.get("CHAINWALK_KILLS", "1"))
"""How often each writer is killed, and interrupted."""
pytestmark = pytest.mark.slow
posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, signals and limits of POSIX")

START = """
import json, os, random, signal, sys, time
from pathlib import Path
from autograd import files
from autograd.files import append_line, write_atomically
from tests.writers import APPENDING, WRITERS, is_whole, save_code
folder = Path({folder!r})
failures = {{}}
def paths():
    for name, (suffix, write) in WRITERS.items():
        path = folder / name / ("file" + suffix)
        path.parent.mkdir()
        write(path)
        yield name, path, write, path.read_bytes()
"""


def failures(code, folder, **environment):
    """Return what failed in a Python of its own, by the name of the writer."""
    code = START.format(folder=str(folder)) + code + "\nprint(json.dumps(failures))"
    text = python_output(code, PYTHONWARNINGS="ignore", **environment)
    return json.loads(text.splitlines()[-1])


def test_every_file_is_written_under_a_temporary_name(tmp_path):
    found = failures(
        """
opened, watched = [], str(folder)
def audit(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and arguments[0].startswith(watched):
        path, mode, flags = arguments
        if flags & (os.O_WRONLY | os.O_RDWR):
            opened.append(os.path.basename(path))
for name, path, write, whole in paths():
    if not opened:
        sys.addaudithook(audit)
    opened.clear()
    write(path)
    if name in APPENDING:
        continue
    if not opened or any(not each.startswith(".chainwalk-") for each in opened):
        failures[name] = opened
opened.clear()
save_code(folder / "code")
if not opened or any(not each.startswith(".chainwalk-") for each in opened):
    failures["code"] = opened
""",
        tmp_path,
    )
    assert found == {}


@posix
def test_a_full_disk_is_an_oserror_and_leaves_the_old_file(tmp_path):
    found = failures(
        """
import resource
made = list(paths())
for name, path, write, whole in made:
    path.write_bytes(b"old") if name not in APPENDING else path.unlink()
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
for name, path, write, whole in made:
    before = path.exists() and path.read_bytes()
    try:
        write(path)
        failures[name] = "no error"
    except OSError as error:
        pass
    except BaseException as error:
        failures[name] = repr(error)
    left = sorted(each.name for each in path.parent.iterdir())
    after = path.exists() and path.read_bytes()
    if (after or False) != before or left not in ([], [path.name]):
        failures[name] = [repr(after)[:50], left]
(folder / "code").mkdir(mode=0o700)
save_code(folder / "code" / "file")
if list((folder / "code").iterdir()):
    failures["code"] = os.listdir(folder / "code")
""",
        tmp_path,
    )
    assert found == {}


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_an_oserror_that_names_the_file(tmp_path):
    found = failures(
        """
made = list(paths())
for name, path, write, whole in made:
    if name in APPENDING:
        path.unlink()
    path.parent.chmod(0o500)
    try:
        write(path)
        failures[name] = "no error"
    except OSError as error:
        if str(path) not in str(error):
            failures[name] = str(error)
    if path.exists() and not is_whole(name, path, whole):
        failures[name] = "the file has changed"
    path.parent.chmod(0o700)
(folder / "code").mkdir(mode=0o500)
save_code(folder / "code" / "file")
""",
        tmp_path,
    )
    assert found == {}


@posix
def test_a_writer_killed_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path):
    found = failures(
        """
rng, kills, struck = random.Random(5), int(os.environ["KILLS"]), 0
for name, path, write, whole in paths():
    started = time.perf_counter()
    write(path)
    took = time.perf_counter() - started
    for _ in range(kills):
        path.unlink()
        if name not in APPENDING:
            path.write_bytes(b"old")
        child = os.fork()
        if child == 0:
            while True:
                write(path)
        time.sleep(rng.uniform(0, 0.01 + 2 * took))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        struck += 1
        if not path.exists():
            if name not in APPENDING:
                failures[name] = "the file is gone"
            write(path)
        elif path.read_bytes() != b"old" and not is_whole(name, path, whole):
            failures[name] = repr(path.read_bytes()[:80])
    files._remove_leftovers.cache_clear()
    files.write_atomically(path, whole)
    write(path)
    if os.listdir(path.parent) != [path.name]:
        failures[name] = os.listdir(path.parent)
if struck != kills * len(WRITERS):
    failures["all"] = struck
""",
        tmp_path,
        KILLS=str(KILLS),
    )
    assert found == {}


@posix
def test_a_writer_interrupted_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path):
    found = failures(
        """
rng, kills, struck = random.Random(6), int(os.environ["KILLS"]), 0
def interrupt(*_):
    raise KeyboardInterrupt
signal.signal(signal.SIGALRM, interrupt)
for name, path, write, whole in paths():
    started = time.perf_counter()
    write(path)
    took = time.perf_counter() - started
    for _ in range(5 * kills):
        path.unlink(missing_ok=True)
        if name not in APPENDING:
            path.write_bytes(b"old")
        try:
            signal.setitimer(signal.ITIMER_REAL, rng.uniform(0.0001, 0.001 + took))
            write(path)
            signal.setitimer(signal.ITIMER_REAL, 0)
        except KeyboardInterrupt:
            struck += 1
        if path.exists() and path.read_bytes() != b"old" and not is_whole(name, path, whole):
            failures[name] = repr(path.read_bytes()[:80])
    write(path)
    if os.listdir(path.parent) != [path.name]:
        failures[name] = os.listdir(path.parent)
if not struck:
    failures["all"] = struck
print("struck", struck, file=sys.stderr)
""",
        tmp_path,
        KILLS=str(KILLS),
    )
    assert found == {}
