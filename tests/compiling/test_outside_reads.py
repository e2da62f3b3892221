"""A compiled function that reads files, directories, processes or databases is traced at each call."""

import glob
import linecache
import math
import os
import pathlib
import sqlite3
import subprocess
import sys
import urllib.request

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

from autograd import compile, total
from autograd.compiling.trace.captures import Captures
from autograd.compiling.trace.outside import noticed_reads
from tests.helpers import python_output


def numpys(path):
    return float(np.load(f"{path}.npy")[0])


def mapped(path):
    return float(np.memmap(f"{path}.bin", dtype=float, mode="r")[0])


def stored(path):
    with sqlite3.connect(f"{path}.db") as connection:
        found = connection.execute("select k from t").fetchone()[0]
    connection.close()
    return found


def opened(path):
    with pathlib.Path(path).open() as file:
        return float(file.read())


READS = {
    "numpy.load": numpys,
    "numpy.memmap": mapped,
    "a database": stored,
    "a path that is opened": opened,
    "a line of a file": lambda path: float(linecache.getline(str(path), 1)),
    "a process": lambda path: float(
        subprocess.check_output([sys.executable, "-c", f"print(open({str(path)!r}).read())"], timeout=60)
    ),
    "a URL": lambda path: float(urllib.request.urlopen(path.as_uri(), timeout=60).read()),
    "names in a directory": lambda path: float(glob.glob(f"{path}.is.*")[0].rpartition(".")[2]),
    "names below a path": lambda path: float(next(path.parent.glob(f"{path.name}.is.*")).suffix[1:]),
    "a walk through directories": lambda path: float(
        next(name for name in next(os.walk(path.parent))[2] if ".is." in name).rpartition(".")[2]
    ),
}


def write(path, k):
    """Write a whole number into every kind of file that the functions read."""
    path.write_text(f"{k}\n")
    np.save(f"{path}.npy", np.array([float(k)]))
    np.array([float(k)]).tofile(f"{path}.bin")
    for old in path.parent.glob(f"{path.name}.is.*"):
        old.unlink()
    pathlib.Path(f"{path}.is.{k}").touch()
    connection = sqlite3.connect(f"{path}.db")
    connection.execute("create table if not exists t (k)")
    connection.execute("delete from t")
    connection.execute("insert into t values (?)", (float(k),))
    connection.commit()
    connection.close()
    linecache.cache.pop(str(path), None)  # what else is there is the source of generated functions


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # what urlopen leaves open
@pytest.mark.parametrize("name", READS)
def test_what_a_function_reads_from_outside_is_read_at_each_call(name, tmp_path):
    read, path = READS[name], tmp_path / "k"
    write(path, 2)
    fast, slope = compile(lambda x: x * read(path)), compile(lambda x: x * read(path)).grad
    assert (fast(1.5), slope(1.5)) == (3.0, 2.0)
    assert "traced at every call, since it" in fast.explain()
    write(path, 5)
    assert (fast(1.5), slope(1.5)) == (7.5, 5.0)


def test_imports_and_files_that_are_only_written_are_not_reads(tmp_path, monkeypatch):
    (tmp_path / "fresh_module_for_reads.py").write_text("k = 2.0\n")
    monkeypatch.syspath_prepend(tmp_path)

    def f(x):
        import fresh_module_for_reads

        with pathlib.Path(tmp_path / "log").open("a") as log:
            log.write("called")
        return x * fresh_module_for_reads.k

    with noticed_reads() as reasons:
        assert f(1.5) == 3.0
    assert reasons == set()
    assert "traced at every call" not in compile(f).explain()


def test_reads_outside_of_a_trace_are_not_noticed(tmp_path):
    write(tmp_path / "k", 2)
    fast = compile(lambda x: 2.0 * x)
    fast(1.0)
    assert opened(tmp_path / "k") == 2.0
    assert "traced at every call" not in fast.explain()


@pytest.mark.parametrize(
    ("f", "drawn"),
    [
        (lambda x: x * np.random.default_rng().random(), True),
        (lambda x: x * np.random.RandomState().rand(), True),
        (lambda x: x * np.random.default_rng(0).random(), False),
    ],
)
def test_a_random_generator_without_a_seed_is_made_anew_at_each_call(f, drawn):
    fast = compile(f)
    assert len({fast(1.0) for _ in range(3)}) == (3 if drawn else 1)
    assert bool(Captures(f).reasons) is drawn


def test_only_what_a_library_reads_needs_a_profiler(tmp_path):
    weights = [2.0, 3.0]
    own = Captures(lambda x: total([w * math.tanh(w) * x for w in weights]))
    librarys = Captures(lambda x: x * np.load(tmp_path / "k.npy")[0])
    assert not own.reach_a_library()
    assert librarys.reach_a_library()


def test_a_profiler_of_the_user_goes_on_while_a_function_is_traced(tmp_path):
    write(tmp_path / "k", 2)
    seen = set()

    def f(x):
        return x * numpys(tmp_path / "k")

    def profiler(frame, event, called):
        seen.add((event, frame.f_code.co_name))

    fast = compile(f)
    sys.setprofile(profiler)
    try:
        fast(1.5)
        assert sys.getprofile() is profiler
    finally:
        sys.setprofile(None)
    assert ("call", "f") in seen
    assert "it reads a file" in fast.explain()


def test_calls_of_compiled_functions_leave_no_hook_behind():
    code = """
import sys, autograd
added = []
def audit(event, arguments):
    if event == "sys.addaudithook":
        added.append(event)
sys.addaudithook(audit)
import numpy
fast = autograd.compile(lambda x: x * numpy.float64(2.0))
print(fast(1.5), sys.getprofile(), added)"""
    assert python_output(code).split() == ["3.0", "None", "[]"]


def in_a_folder(path):
    return 2.0 if os.path.abspath("a").startswith(str(path)) else 3.0


OUTSIDE = {
    "the working directory": (in_a_folder, lambda path: os.chdir("/")),
    "a variable in a path": (
        lambda path: float(os.path.expandvars("$CHAINWALK_K")),
        lambda path: os.environ.update(CHAINWALK_K="3.0"),
    ),
    "whether there is a link": (
        lambda path: 3.0 if os.path.islink(path / "link") else 2.0,
        lambda path: os.symlink(path, path / "link"),
    ),
    "the size of a file": (
        lambda path: float(os.lstat(path / "k").st_size),
        lambda path: (path / "k").write_text("abc"),
    ),
}


@pytest.mark.skipif(os.name != "posix", reason="links and the root directory")
@pytest.mark.parametrize("name", OUTSIDE)
def test_what_a_library_is_told_by_the_system_is_read_at_each_call(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHAINWALK_K", "2.0")
    (tmp_path / "k").write_text("ab")
    read, change = OUTSIDE[name]
    fast = compile(lambda x: x * read(tmp_path))
    assert fast(1.5) == 3.0
    change(tmp_path)
    assert fast(1.5) == 4.5


def test_an_open_file_that_can_be_read_is_read_at_each_call(tmp_path):
    (tmp_path / "k").write_text("2\n3\n4\n")

    def f(x):
        for line in file:
            return x * float(line)
        raise EOFError

    with open(tmp_path / "k") as file:
        fast = compile(f)
        assert [fast(1.0) for _ in range(3)] == [2.0, 3.0, 4.0]
    with open(tmp_path / "log", "w") as log:
        fast = compile(lambda x: (log.write("called"), x * 2.0)[1])
        assert fast(1.0) == 2.0
        assert "traced at every call" not in fast.explain()


@pytest.mark.parametrize(
    ("f", "module", "name", "other"),
    [
        (lambda x: x * math.floor(2.5), math, "floor", lambda x: 3),
        (
            lambda x: x * float(linecache.getlines.__name__ == "getlines") * 2.0,
            linecache,
            "getlines",
            math.floor,
        ),
    ],
)
def test_a_function_of_a_library_that_is_replaced_is_used(f, module, name, other, monkeypatch):
    fast = compile(f)
    assert fast(1.0) == f(1.0) == 2.0
    monkeypatch.setattr(module, name, other)
    assert fast(1.0) == f(1.0) != 2.0
