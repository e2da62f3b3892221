"""Compiled functions in threads, processes and runs: pure, picklable, and cached in a folder."""

import copy
import io
import multiprocessing
import os
import pickle
import subprocess
import sys
import tempfile
import threading
import types
import warnings

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

import autograd
from autograd import Value, compile, exp, log1p, sin, sqrt, tanh, total
from autograd.compiling import BASELINE, Compiled
from autograd.compiling.codegen import native
from autograd.compiling.codegen.cache import CodeCache
from tests.helpers import ROOT, compile_to_tapes, python_output

X = np.linspace(-2.0, 2.0, 50)


def curve(x, w):
    return tanh(w[0] * x) + sin(x * w[1]) * log1p(x * x)


W = [0.5, 1.5]
fast_curve = compile(curve, batched="x")


@compile(batched="x", cache=None)
def decorated(x):
    return exp(-x * x)


@pytest.fixture
def expected():
    return compile(curve, batched="x").value_and_grad(X, W)


def same(found, expected):
    return np.array_equal(found[0], expected[0]) and all(map(np.array_equal, found[1], expected[1]))


# Pure functions, thread safety.


def test_the_same_call_gives_the_same_bits_whatever_was_called_before(expected):
    fast = compile(curve, batched="x")
    for other in (X[:3], np.tile(X, 100), X * np.nan, X[:0]):
        fast.value_and_grad(other, [7.0, -7.0])
        fast(other, W)
        fast.hessian(other, W)
        assert same(fast.value_and_grad(X, W), expected)


def test_many_threads_call_one_function_at_once_while_it_is_being_compiled():
    fast = compile(curve, batched="x", threads=2)
    wrong, start = [], threading.Barrier(8)

    def work(seed):
        start.wait(60)
        rng = np.random.default_rng(seed)
        for _ in range(30):
            x, w = rng.normal(size=int(rng.integers(1, 6000))), rng.normal(size=2)
            values, by_w = fast.value_and_grad(x, w, wrt="w")
            if not np.allclose(
                values, np.tanh(w[0] * x) + np.sin(x * w[1]) * np.log1p(x * x), rtol=1e-11, atol=1e-13
            ):
                wrong.append(x)
            if not np.isclose(by_w[0], np.sum(x * (1 - np.tanh(w[0] * x) ** 2)), rtol=1e-9, atol=1e-9):
                wrong.append(w)

    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(300)
    assert not any(worker.is_alive() for worker in workers)
    assert not wrong


# Pickling, copies, other processes.


def test_a_decorated_function_is_pickled_by_name_and_others_with_their_function(expected):
    assert pickle.loads(pickle.dumps(decorated)) is decorated
    restored = pickle.loads(pickle.dumps(fast_curve))
    assert restored is not fast_curve
    assert same(restored.value_and_grad(X, W), expected)
    special = Compiled(curve, "x", dtype="float32", threads=3, lanes=4, machine=BASELINE)
    restored = pickle.loads(pickle.dumps(special))
    assert (restored.dtype, restored.threads, restored.lanes) == (special.dtype, 3, 4)
    assert restored(X, W).tolist() == special(X, W).tolist()


def test_a_recorded_graph_is_pickled_with_its_graph():
    x, w = Value(1.0, "x"), Value(2.0, "w")
    fast = autograd.compile(tanh(x * w), inputs=[x], parameters=[w], batched="x")
    for restored in (pickle.loads(pickle.dumps(fast)), copy.deepcopy(fast)):
        assert restored(X).tolist() == fast(X).tolist()
        restored.f.parameters[0].data = 0.0
        assert restored(X).tolist() == [0.0] * len(X)
    assert fast(X)[-1] != 0


def test_copies_compute_the_same(expected):
    for made in (copy.copy(fast_curve), copy.deepcopy(fast_curve)):
        assert same(made.value_and_grad(X, W), expected)


def test_pickling_a_compiled_lambda_raises_the_error_of_pickle():
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        pickle.dumps(compile(lambda x: x * x))


class ByValue(pickle.Pickler):
    """A pickler of functions by their code, like cloudpickle."""

    def reducer_override(self, item):
        if isinstance(item, types.FunctionType) and item.__name__ == "<lambda>":
            import marshal

            return _function, (marshal.dumps(item.__code__),)
        return NotImplemented


def _function(code):
    import marshal

    return types.FunctionType(marshal.loads(code), {})


def test_cloudpickle_pickles_a_compiled_lambda():
    target = io.BytesIO()
    ByValue(target).dump(compile(lambda x: x * x * x, batched="x"))
    restored = pickle.loads(target.getvalue())
    assert restored.grad(np.array([2.0]), wrt=0).tolist() == [12.0]


def call(fast, x, w):
    """Call a compiled function in another process."""
    return fast.value_and_grad(x, w)


def test_a_new_process_compiles_again_and_gives_the_same_bits(expected):
    with multiprocessing.get_context("spawn").Pool(1) as workers:
        assert same(workers.apply_async(call, (fast_curve, X, W)).get(timeout=300), expected)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_has_threads_of_its_own():
    fast = compile(curve, batched="x", threads=2)
    x = np.linspace(-1, 1, 10_000)
    found = fast(x, W)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Python and other libraries about forking with threads
        child = multiprocessing.get_context("fork").Process(
            target=lambda: os._exit(0 if np.array_equal(fast(x, W), found) else 3)
        )
        child.start()
    child.join(timeout=120)
    child.kill()  # if it waits for ever
    child.join(timeout=60)
    assert child.exitcode == 0


# The cache folder.


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "kept" / "code"


def files(folder):
    return sorted(folder.glob("*.code"))


def compiling(monkeypatch):
    """Return a list to which each compilation of a kernel's code is appended."""
    compiled = []
    real = native.Native._module
    monkeypatch.setattr(native.Native, "_module", lambda self: compiled.append(self) or real(self))
    return compiled


def test_code_in_the_folder_is_not_compiled_again(folder, expected, monkeypatch):
    compile(curve, batched="x").value_and_grad(X, W)  # compiles the driver, which all kernels share
    compiled = compiling(monkeypatch)
    first = compile(curve, batched="x", cache=folder)
    assert same(first.value_and_grad(X, W), expected)
    assert len(compiled) == len(files(folder)) == 1
    second = compile(curve, batched="x", cache=str(folder))
    assert same(second.value_and_grad(X, W), expected)
    assert len(compiled) == 1
    assert "code from the cache" in second.explain()
    assert "code from the cache" not in first.explain()


def test_cached_code_is_specific_to_program_machine_and_compiler_version(folder, monkeypatch):
    programs = [
        (lambda x: x * x + 1, {}),
        (lambda x: x * x + 2, {}),
        (lambda x: x * x + 1, {"machine": BASELINE}),
        (lambda x: x * x + 1, {"machine": BASELINE, "dtype": "float32"}),
    ]
    for f, options in programs:
        Compiled(f, "x", lanes=2, **options)(X)  # compiles the drivers, which all kernels of a shape share
    compiled = compiling(monkeypatch)
    for count, (f, options) in enumerate(programs, 1):
        Compiled(f, "x", lanes=2, cache=folder, **options)(X)
        assert len(files(folder)) == len(compiled) == count
    monkeypatch.setattr("llvmlite.__version__", "another")
    Compiled(lambda x: x * x + 1, "x", lanes=2, cache=folder)(X)
    assert len(files(folder)) == len(compiled) == len(programs) + 1


DAMAGES = {
    "empty": lambda content: b"",
    "cut off": lambda content: content[: len(content) // 2],
    "only a checksum": lambda content: content[:32],
    "a bit in the code": lambda content: content[:100] + bytes([content[100] ^ 1]) + content[101:],
    "a bit in the checksum": lambda content: bytes([content[0] ^ 128]) + content[1:],
    "something behind it": lambda content: content + b"\0",
    "another program": lambda content: b"#!/bin/sh\n" * 100,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_compiled_again_and_replaced(damage, folder, expected):
    compile(curve, batched="x", cache=folder).value_and_grad(X, W)
    (file,) = files(folder)
    good = file.read_bytes()
    file.write_bytes(DAMAGES[damage](good))
    assert same(compile(curve, batched="x", cache=folder).value_and_grad(X, W), expected)
    assert CodeCache(folder)
    assert len(file.read_bytes()) == len(good)
    assert same(compile(curve, batched="x", cache=folder).value_and_grad(X, W), expected)


RUN = """
import sys
from autograd import compile, exp, tanh, total
from autograd.compiling.codegen import native
from autograd.compiling.run import kernel

kernel.LIMIT = kernel.LIMIT_SINGLE = {limit}
compiled = []
real = native.Native._module
native.Native._module = lambda self: compiled.append(self) or real(self)
f = lambda x: total([tanh(x * k) * exp(-x) for k in range(6)])
rows = compile(f, batched="x", cache={folder!r}).value_and_grad([0.1, 0.2, -3.0, 2.5, 1.0])
point = compile(f, cache={folder!r}).value_and_grad(0.7)
print([[y.hex() for y in part.tolist()] for part in rows], [y.hex() for y in point], "compiled", len(compiled))
"""


@pytest.mark.parametrize("tier", ["straight-line", "tape"])
@pytest.mark.parametrize("damage", [None, "cut off", "a bit in the code"])
def test_another_process_takes_kernels_drivers_and_interpreters_from_the_folder(tier, damage, folder):
    code = RUN.format(limit=0 if tier == "tape" else 10_000, folder=str(folder))
    first, _, count = python_output(code).partition("compiled")
    assert int(count) == len(files(folder)) == 5  # code and driver, for rows and a point; the fast call
    assert python_output(code).partition("compiled") == (first, "compiled", " 0\n")
    if damage is None:
        return
    for file in files(folder):
        good = file.read_bytes()
        file.write_bytes(DAMAGES[damage](good))
        assert python_output(code).partition("compiled") == (first, "compiled", " 1\n")
        assert len(file.read_bytes()) == len(good)


def test_a_folder_in_place_of_a_file_and_a_deleted_folder_only_cost_time(folder, expected):
    fast = compile(curve, batched="x", cache=folder)
    fast.value_and_grad(X, W)
    (file,) = files(folder)
    file.unlink()
    file.mkdir()
    assert same(compile(curve, batched="x", cache=folder).value_and_grad(X, W), expected)
    file.rmdir()
    fast = compile(curve, batched="x", cache=folder)
    folder.rmdir()
    assert same(fast.value_and_grad(X, W), expected)


def test_a_folder_that_cannot_be_written_only_costs_time(folder, expected, monkeypatch):
    def refused(*_, **__):
        raise PermissionError("read-only")

    monkeypatch.setattr(tempfile, "mkstemp", refused)
    monkeypatch.setattr("pathlib.Path.mkdir", refused)
    assert same(compile(curve, batched="x", cache=folder).value_and_grad(X, W), expected)


def test_a_failed_write_leaves_nothing_behind(folder, expected, monkeypatch):
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    assert same(compile(curve, batched="x", cache=folder).value_and_grad(X, W), expected)
    assert list(folder.iterdir()) == []


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(ValueError, match="is a file"):
        compile(curve, batched="x", cache=file)


WRITER = """
import sys
import numpy as np
from autograd import tanh, total
from autograd import compile
x = np.linspace(-1, 1, 20)
for round in range(3):
    for k in range(4):
        fast = compile(lambda x: total([tanh(x * (k + j)) for j in range(5)]), batched="x", cache=sys.argv[1])
        assert np.allclose(fast(x), sum(np.tanh(x * (k + j)) for j in range(5)), rtol=1e-12, atol=1e-15)
"""


def test_several_processes_write_the_same_files_at_once(folder, tmp_path):
    alone = tmp_path / "alone"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(place)],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE,
        )
        for place in (folder, folder, folder, alone)
    ]
    errors = [writer.communicate(timeout=300)[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0, 0], errors
    assert len(files(alone)) >= 5  # four kernels and the driver of batches
    assert [file.name for file in files(folder)] == [file.name for file in files(alone)]
    assert [file for file in folder.iterdir() if file.suffix != ".code"] == []


# Without optional dependencies.


def test_without_the_extra_the_error_names_it(tmp_path):
    program = """
import sys
sys.modules[sys.argv[1]] = None
import autograd, nn
try:
    autograd.compile(lambda x: x)
except ImportError as error:
    print(error)
"""
    for package in ("llvmlite", "numpy"):
        told = python_output(program.replace("sys.argv[1]", repr(package)))
        assert "chainwalk[compile]" in told


def test_without_the_vector_library_the_numbers_are_the_same_to_rounding(expected, monkeypatch):
    monkeypatch.setattr(native, "_LIBRARY", "libnowhere.so.0")
    native.vector_library.cache_clear()
    try:
        fast = compile(curve, batched="x")
        values, slopes = fast.value_and_grad(X, W)
        assert "libmvec" not in fast.explain()
    finally:
        native.vector_library.cache_clear()
    np.testing.assert_allclose(values, expected[0], rtol=1e-13, atol=1e-15)
    for found, wanted in zip(slopes, expected[1], strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("tier", ["straight-line", "tape"])
def test_code_for_a_machine_without_avx_has_no_avx(tier, monkeypatch):
    if tier == "tape":
        compile_to_tapes(monkeypatch)
    fast = Compiled(lambda x: total([tanh(x * k) + sin(x) for k in range(4)]), "x", machine=BASELINE)
    np.testing.assert_allclose(
        fast(X), sum(np.tanh(X * k) + np.sin(X) for k in range(4)), rtol=1e-12, atol=1e-15
    )
    assembly = fast.source("assembly")
    assert "xmm" in assembly
    assert "ymm" not in assembly
    assert "zmm" not in assembly
    assert "vfmadd" not in assembly


# explain and source.


def test_explain_counts_traced_operations_and_instructions():
    fast = compile(lambda x: sin(x) * sin(x) + 2.0 * 3.0, batched="x")
    assert "not compiled yet" in fast.explain()
    with pytest.raises(ValueError, match="first call"):
        fast.source()
    fast(X)
    told = fast.explain()
    assert "4 operations traced" in told  # two sines, a product, a sum; 2.0 * 3.0 is Python's
    assert "3 instructions after optimisation" in told  # one sine is enough
    assert "straight-line code" in told
    library = native.vector_library(native.host(), False)
    assert ("sin from libmvec" if "sin" in library else "sin from libm") in told
    wide = compile(lambda x: tanh(x) + sqrt(x), batched="x")
    wide(X)
    assert "tanh from chainwalk" in wide.explain()
    assert "sqrt from the processor" in wide.explain()
    fast.grad(X)
    assert fast.explain().count("compiled in") == 2


def test_source_returns_the_code_that_was_compiled_last():
    fast = compile(lambda x: x * x, batched="x")
    fast(X)
    assert "define void @body" in fast.source()
    assert "fmul" in fast.source("ir")
    assert "vmul" in fast.source("assembly") or "mul" in fast.source("assembly")
    with pytest.raises(ValueError, match='"ir" or "assembly"'):
        fast.source("python")
