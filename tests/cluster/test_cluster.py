"""Beyond one machine: what a cluster computes is what one machine does, whatever happens to its workers."""

import math
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")
pytest.importorskip("distributed", reason="no Dask here: pip install 'chainwalk[cluster]'")

from autograd import Value, cluster, compile, dot, exp, tanh
from autograd.cluster.spreading import block_sum
from tests.checking import million
from tests.helpers import ROOT, assert_becomes_true

ROWS = 20_000
RNG = np.random.default_rng(7)
X, Y = RNG.normal(size=(ROWS, 3)), RNG.normal(size=ROWS)
W, B = np.array([0.1, -0.2, 0.3]), 0.5


def loss(x, y, w, b):
    return (tanh(dot(list(w), list(x)) + b) - y) ** 2


FAST = compile(loss, batched=("x", "y"))
BITS = 1e-12


@pytest.fixture(scope="module")
def here(client):
    return cluster.rows(client, x=X, y=Y, block=1500)


def assert_close(found, expected):
    """Assert that two nested results are equal to rounding."""
    if isinstance(expected, tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_close(one, other)
    else:
        assert found == pytest.approx(expected, rel=BITS, abs=1e-10)


def assert_same_bits(found, expected):
    """Assert that two nested results are equal bit for bit."""
    if isinstance(expected, tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same_bits(one, other)
    else:
        assert np.asarray(found).tobytes() == np.asarray(expected).tobytes()


# What it computes


def test_values_gradients_and_hessians_are_those_of_one_machine(client, here):
    far = cluster.spread(FAST, here)
    values, gradient = FAST.value_and_grad(X, Y, W, B, wrt=("w", "b"))
    assert_close(far.value_and_grad(W, B), (values.sum(), gradient))
    assert_close(far.grad(W, B, wrt="w"), gradient[0])
    assert_close(far.hessian(W, B), FAST.hessian(X, Y, W, B, wrt=("w", "b")))
    assert_same_bits(far.values(W, B), values)
    total = client.compute(far.values(W, B, lazily=True).sum()).result()
    assert float(total) == pytest.approx(values.sum())


def test_results_are_the_same_to_the_bit_for_one_and_two_workers_and_from_run_to_run(client, here):
    far = cluster.spread(FAST, here)
    first = far.value_and_grad(W, B)
    assert_same_bits(far.value_and_grad(W, B), first)
    with cluster.connect(workers=1, timeout=300) as alone:
        assert_same_bits(
            cluster.spread(FAST, cluster.rows(alone, x=X, y=Y, block=1500)).value_and_grad(W, B), first
        )


def test_dask_arrays_keep_their_own_partition(client):
    import dask.array

    x, y = dask.array.from_array(X, chunks=(1500, 1)), dask.array.from_array(Y, chunks=4000)
    rows = cluster.rows(client, x=x, y=y)
    assert rows.counts == [1500] * 13 + [500]
    assert_close(cluster.spread(FAST, rows).value_and_grad(W, B)[0], FAST(X, Y, W, B).sum())
    with pytest.raises(ValueError, match="unknown sizes: call its compute_chunk_sizes"):
        cluster.rows(client, x=x[y > 0])
    with pytest.raises(ValueError, match="chunk 1 of a dask array has zero rows"):
        cluster.rows(client, y=dask.array.from_array(Y[:10], chunks=((5, 0, 5),)))
    with pytest.raises(ValueError, match="different numbers of rows"):
        cluster.rows(client, x=x, y=Y[:-1])
    with pytest.raises(ValueError, match="rechunk them instead"):
        cluster.rows(client, x=x, block=10)


def test_several_numbers_a_recorded_graph_and_single_precision(client, here):
    both = compile(lambda x, y, w: ((dot(list(w), list(x)) - y) ** 2, y * 2.0), batched=("x", "y"))
    (first, second), slope = cluster.spread(both, here).value_and_grad(W, wrt="w", has_aux=True)
    (values, others), gradient = both.value_and_grad(X, Y, W, wrt="w", has_aux=True)
    assert_close((first, second, slope), (values.sum(), others.sum(), gradient))

    t, rate, scale = Value(0.5, "t"), Value(1.5, "rate"), Value(2.0)
    graph = compile(scale * exp(-rate * t), inputs=[t], parameters=[rate], batched="t")
    far = cluster.spread(graph, cluster.rows(client, t=np.abs(Y)))
    assert_close(far.value_and_grad()[0], graph(np.abs(Y)).sum())
    rate.data, scale.data = 0.25, 3.0  # read at each call, as on one machine
    assert_close(far.value_and_grad()[0], graph(np.abs(Y)).sum())

    single = compile(loss, batched=("x", "y"), dtype="float32")
    rows = cluster.rows(client, x=X.astype(np.float32), y=Y.astype(np.float32))
    assert cluster.spread(single, rows).value_and_grad(W, B)[0] == pytest.approx(
        FAST(X, Y, W, B).sum(), rel=1e-5
    )


def test_a_value_from_outside_that_changes_is_not_forgotten(here):
    outside = Value(1.0)
    scaled = compile(lambda x, y: outside * y + x[0] * 0.0, batched=("x", "y"))
    far = cluster.spread(scaled, here)
    assert_same_bits(far.values(), scaled(X, Y))
    outside.data = 2.0
    assert_same_bits(far.values(), scaled(X, Y))


def test_rows_at_positions_and_blocks_of_ones_choice(here):
    far = cluster.spread(FAST, here)
    positions = RNG.choice(ROWS, 100, replace=False)
    found = far.total(block_sum, (W, B), "value_and_grad", "w", rows=here.take(positions))
    values, slope = FAST.value_and_grad(X[positions], Y[positions], W, B, wrt="w")
    assert_close(found, (values.sum(), slope))
    assert here.some([3, 1]).counts == [here.counts[3], here.counts[1]]
    with pytest.raises(ValueError, match="positions must be between 0 and 19,999"):
        here.take([ROWS])


# Folders


@pytest.fixture
def folders(tmp_path):
    """The same rows as Parquet and as .npy files, four of each."""
    import pyarrow
    from pyarrow import parquet

    table = np.column_stack([X, Y])
    for kind in ("npy", "parquet"):
        (tmp_path / kind).mkdir()
    for k in range(4):
        part = table[k * 5000 : (k + 1) * 5000]
        np.save(tmp_path / "npy" / f"{k}.npy", part)
        columns = {name: part[:, j] for j, name in enumerate(("a", "b", "c", "target"))}
        parquet.write_table(pyarrow.table(columns), tmp_path / "parquet" / f"{k}.parquet", row_group_size=700)
    return tmp_path


COLUMNS = {"parquet": {"x": ["a", "b", "c"], "y": "target"}, "npy": {"x": [0, 1, 2], "y": 3}}


@pytest.mark.parametrize("kind", ["parquet", "npy"])
@pytest.mark.parametrize("keep", [None, 0, 3 * 5000 * 4 * 8])
def test_a_folder_gives_the_same_bits_whether_its_blocks_are_kept_or_read_again(client, folders, kind, keep):
    rows = cluster.folder(client, folders / kind, block=5000, keep=keep, **COLUMNS[kind])
    assert repr(rows) == f"<20,000 rows of x, y in 4 blocks, {4 if keep is None else 3 if keep else 0} kept>"
    expected = cluster.spread(FAST, cluster.rows(client, x=X, y=Y, block=5000)).value_and_grad(W, B)
    assert_same_bits(cluster.spread(FAST, rows).value_and_grad(W, B), expected)


def test_smaller_blocks_are_runs_of_row_groups_and_of_rows(client, folders):
    found = cluster.folder(client, folders / "parquet", block=1500, **COLUMNS["parquet"])
    assert found.counts == [1400, 1400, 1400, 800] * 4
    assert cluster.folder(client, folders / "npy", block=1500, **COLUMNS["npy"]).counts == [1250] * 16


def test_what_is_wrong_with_a_folder_is_told(client, folders):
    def refused(kind, message, error=ValueError, **columns):
        with pytest.raises(error, match=message):
            cluster.folder(client, folders / kind, **columns or COLUMNS[kind])

    refused("nowhere", "nowhere is not a folder on the workers", FileNotFoundError, x="a")
    refused("parquet", r"0.parquet has no column d: its columns are a, b, c, target", x="d")
    refused("npy", r"0.npy has no column 4: its columns are 0 to 3", x=[0, 4])
    refused("npy", r"has no column 'a'", x="a")
    (folders / "empty").mkdir()
    refused("empty", "has no files that end in .parquet or .npy", FileNotFoundError, x=0)
    np.save(folders / "empty" / "0.npy", np.zeros((0, 4)))
    refused("empty", r"0.npy: a block has zero rows", x=0)
    (folders / "empty" / "0.npy").write_bytes(b"nothing")
    refused("empty", "0.npy is not a complete .npy file", x=0)
    np.save(folders / "empty" / "0.npy", np.array(["text"]))
    refused("empty", "it must be a table of numbers", x=0)
    (folders / "npy" / "1.parquet").write_bytes(b"")
    refused("npy", "files of two kinds")


def test_what_is_wrong_with_a_parquet_file_is_told(client, tmp_path):
    import pyarrow
    from pyarrow import parquet

    def values_in(folder):
        rows = cluster.folder(client, folder, y="y", keep=0)
        return cluster.spread(compile(lambda y: y, batched="y"), rows).values()

    def refused(table, message):
        parquet.write_table(table, tmp_path / "0.parquet")
        with pytest.raises(ValueError, match=message):
            values_in(tmp_path)

    refused(pyarrow.table({"y": ["text"]}), "column y is of string, not of numbers")
    refused(pyarrow.table({"y": pyarrow.array([], "float64")}), "a block has zero rows")
    refused(pyarrow.table({"y": [1.0, None]}), "column y has 1 empty cells")


def test_a_file_that_goes_or_changes_between_two_steps_is_told(client, folders):
    rows = cluster.folder(client, folders / "npy", keep=0, **COLUMNS["npy"])
    far = cluster.spread(FAST, rows)
    np.save(folders / "npy" / "2.npy", np.zeros((10, 4)))
    with pytest.raises(ValueError, match=r"2.npy has changed"):
        far.value_and_grad(W, B)
    (folders / "npy" / "2.npy").unlink()
    with pytest.raises(FileNotFoundError, match=r"2.npy no longer exists"):
        far.value_and_grad(W, B)


# What goes wrong


def slow_sum(block, *arguments):
    time.sleep(0.1)
    return block_sum(block, *arguments)


def alive(process):
    """Return whether a process exists, as it does until its parent has asked for its status."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_worker_that_is_killed_in_the_middle_of_a_step_loses_no_row_and_changes_no_bit(here):
    expected = cluster.spread(FAST, here).value_and_grad(W, B)
    # Of its own: what was killed is no use to other tests.
    with cluster.connect(workers=2, timeout=300) as client:
        far = cluster.spread(FAST, cluster.rows(client, x=X, y=Y, block=1500))
        assert_same_bits(far.value_and_grad(W, B), expected)
        victim = next(iter(client.run(os.getpid).values()))
        killer = threading.Timer(0.3, os.kill, (victim, signal.SIGKILL))
        killer.start()
        found = far.total(slow_sum, (W, B), "value_and_grad", ("w", "b"))
        killer.join(60)
        assert_becomes_true(lambda: not alive(victim))
        assert_same_bits(found, expected)


def test_a_sum_of_too_few_rows_is_an_error(client, here):
    here.size += 1
    try:
        with pytest.raises(RuntimeError, match="the sum covers 20,000 rows, but there are 20,001"):
            cluster.spread(FAST, here).grad(W, B)
        with pytest.raises(RuntimeError, match="but there are 20,001"):
            cluster.spread(FAST, here).values(W, B)
    finally:
        here.size -= 1


def test_arguments_that_do_not_fit_are_told(client, here):
    far = cluster.spread(FAST, here)
    with pytest.raises(
        TypeError, match=r"expected the shared arguments w, b, got 1: the rows hold the others \(x, y\)"
    ):
        far.value_and_grad(W)
    with pytest.raises(ValueError, match="wrt must name shared arguments on a cluster, here w, b, not x"):
        far.grad(W, B, wrt="x")
    with pytest.raises(ValueError, match="wrt='z' is not an argument"):
        far.grad(W, B, wrt="z")
    with pytest.raises(ValueError, match="the rows have y, but the function's batched arguments are x, y"):
        cluster.spread(FAST, cluster.rows(client, y=Y))
    with pytest.raises(TypeError, match=r"spread takes a function compiled with batched"):
        cluster.spread(loss, here)
    with pytest.raises(ValueError, match="rows needs at least one array"):
        cluster.rows(client)
    with pytest.raises(ValueError, match="folder needs columns"):
        cluster.folder(client, "somewhere")
    with pytest.raises(ValueError, match="a block has zero rows"):
        cluster.rows(client, y=Y[:0])
    with pytest.raises(ValueError, match="different numbers of rows"):
        cluster.rows(client, x=X, y=Y[:-1])
    with pytest.raises(TypeError, match="y must hold real numbers"):
        cluster.rows(client, y=Y > 0)
    with pytest.raises(ValueError, match="block must be a number of rows, at least 1, got 0"):
        cluster.rows(client, y=Y, block=0)


def connected(to, timeout):
    with cluster.connect(to, timeout=timeout):
        pass


@pytest.mark.parametrize(
    ("setting", "wrong"),
    [
        ("workers", [0, -1, 10**30, 10**4, 2.5, math.nan, math.inf, True, "two"]),
        ("memory", [0, -1, 1000, 10**30, math.nan, math.inf, True, "much", "", "-1 GiB", "9e999 GiB", [2]]),
        ("timeout", [0, -1, math.nan, math.inf, 10**30, "soon", None]),
    ],
)
def test_settings_that_cannot_be_meant_are_refused_before_anything_is_started(setting, wrong, monkeypatch):
    from distributed import Client

    monkeypatch.setattr(Client, "__init__", pytest.fail)
    for given in wrong:
        with pytest.raises(ValueError, match=f"{setting} must be"), cluster.connect(**{setting: given}):
            pass


def test_an_unreachable_scheduler_is_an_error_that_says_how_long_it_waited():
    with pytest.raises(ConnectionError, match=r"no scheduler answers at 'tcp://127.0.0.1:9' within 0.5 s"):
        connected("tcp://127.0.0.1:9", 0.5)
    with pytest.raises(ConnectionError, match="no scheduler answers at 'nonsense://x'"):
        connected("nonsense://x", 0.5)


def test_a_worker_without_the_extra_is_named(tmp_path):
    from distributed import Client, LocalCluster

    (tmp_path / "llvmlite.py").write_text("raise ImportError('No module named llvmlite')")
    with LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0") as local, Client(local) as client:
        address = local.scheduler_address
        with pytest.raises(
            ConnectionError, match=r"has no worker after 5 s: start some with 'dask worker tcp://"
        ):
            connected(address, 5)  # of which a busy machine needs some to find the scheduler
        command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-dashboard"]
        environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
        worker = subprocess.Popen(
            [*command, "--nworkers=1", "--no-nanny"], env=environment, cwd=tmp_path,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            with pytest.raises(
                ImportError, match=r"cannot compute \(No module named llvmlite\): there, pip install"
            ):
                connected(client, 300)
        finally:
            worker.kill()
            worker.wait(60)


def test_without_dask_the_extra_is_named():
    """In a process of its own: this one's scheduler imports, too."""
    code = """import sys; sys.modules["distributed"] = None; from autograd import cluster
with cluster.connect(): pass"""
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert found.stderr.endswith("ImportError: a cluster needs Dask: pip install 'chainwalk[cluster]'\n")


# Bytes and tasks


class Counted:
    """A number that notes each process it arrives in."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return arrived, (self.path,)


def arrived(path):
    with open(path, "a") as file:
        file.write(f"{os.getpid()}\n")
    return Counted(path)


def nothing(block, counted):
    time.sleep(0.02)
    return 0.0


def test_arguments_reach_each_worker_once_in_a_step(client, here, tmp_path):
    here.total(nothing, Counted(str(tmp_path / "arrivals")))
    workers = set(client.run(os.getpid).values())
    arrivals = [int(line) for line in (tmp_path / "arrivals").read_text().split()]
    assert len(here.blocks) == 14
    assert all(arrivals.count(worker) <= 2 for worker in workers)  # the argument, and what holds it


def in_blocks_of(count):
    million.BLOCK = count


def test_the_checkers_programs_run_on_the_cluster(client, tmp_path, monkeypatch):
    monkeypatch.setattr(million, "BLOCK", 20)
    client.run(in_blocks_of, 20)
    straight = ["ill", "kinks", "tame", "wide"]
    blocks = million.prove(80, families=straight, file=tmp_path / "proof.jsonl", run=cluster.run_on(client))
    client.run(in_blocks_of, 500)
    assert sorted(block.family for block in blocks) == straight
    assert sum(block.right + block.undecided for block in blocks) == 80
    again = million.prove(
        80,
        families=straight,
        file=tmp_path / "proof.jsonl",
        run=lambda function, tasks: map(pytest.fail, tasks),
    )
    assert {block[:5] for block in again} == {block[:5] for block in blocks}


def test_tasks_run_on_the_client_that_was_given_though_a_newer_one_has_failed(client):
    with pytest.raises(ConnectionError) as kept:  # and with it the client that failed
        connected("tcp://127.0.0.1:9", 0.2)
    run = ThreadPoolExecutor(1).submit(lambda: list(cluster.run_on(client)(len, ["a", "bb"])))
    assert sorted(run.result(timeout=300)) == [1, 2]
    assert "127.0.0.1:9" in str(kept.value)


def test_the_command_line_checks_programs_on_a_cluster(client, monkeypatch, capsys):
    monkeypatch.setattr(million, "BLOCK", 5)
    client.run(in_blocks_of, 5)
    assert million.main(["--programs", "40", "--cluster", client.scheduler.address]) == 0
    client.run(in_blocks_of, 500)
    assert re.search(r"all +40 .* 0  ", capsys.readouterr().out)
    with pytest.raises(ConnectionError, match="no scheduler answers at 'nonsense://x'"):
        million.main(["--programs", "20", "--cluster", "nonsense://x"])


def test_all_arguments_may_be_batched(client):
    both = cluster.rows(client, x=X, y=Y, block=7_000)
    far = cluster.spread(compile(lambda x, y: x[0] * y, batched="all"), both)
    assert far.values() == pytest.approx(X[:, 0] * Y)
    assert len(both) == len(Y)


def test_tasks_longer_than_the_patience_are_waited_for(client, monkeypatch):
    monkeypatch.setattr("autograd.cluster.tasks.PATIENCE", 0.05)
    monkeypatch.setattr("autograd.cluster.waiting.PATIENCE", 0.05)
    assert sorted(cluster.run_on(client)(_slowly, [1, 2])) == [2, 4]
    assert cluster.gathered(client, [client.submit(_slowly, k, pure=False) for k in (3, 4)]) == [6, 8]


def _slowly(number):
    time.sleep(0.3)
    return 2 * number


def test_a_worker_of_another_version_is_named(client, monkeypatch):
    from autograd.cluster import connecting

    monkeypatch.setattr(
        connecting, "equipment", lambda real=connecting.equipment: {**real(), "chainwalk": "9.9"}
    )
    monkeypatch.setattr(client, "run", lambda *_, **__: {"tcp://there": {"Python": "2.7", "chainwalk": "0.1"}})
    with pytest.raises(ImportError, match=r"the worker tcp://there has .*2\.7.*9\.9.*: install equal versions"):
        connecting.check_workers(client, 1.0)
