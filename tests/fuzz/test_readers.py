"""For any bytes or text, the readers return a result or raise their own error, and change nothing else.

Each target runs for COUNT inputs: 200 by default, or as many as the environment variable says, as in
`CHAINWALK_FUZZ=10000 python -m pytest -q tests/fuzz`. What a target raises beside its own error fails it.
"""

import ast
import hashlib
import io
import json
import os
import random
import struct

import pytest

hypothesis = pytest.importorskip("hypothesis")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograd.command_line.parsing import ExpressionError, evaluate
from autograd.errors import DomainError
from autograd.ops.table import TABLE
from nn import MLP, Checkpoint, Dataset, fit, load_csv
from nn.training import checkpoints
from tests.checking import million

COUNT = int(os.environ.get("CHAINWALK_FUZZ", "200"))
fuzzed = settings(
    max_examples=COUNT, deadline=None, database=None, derandomize=COUNT == 200,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def assert_short(error):
    assert len(str(error)) < 4_000


# Damage: bytes changed, cut, put in, repeated

WORDS = [b"\0", b"\n", b'"', b"{", b"}", b"[", b"]", b",", b"NaN", b"1e999", b"-1", b"null", b"\xff", b"\x80"]


STEPS = st.tuples(st.integers(0, 3), st.floats(0, 1), st.integers(0, 255))


@st.composite
def damages(draw):
    """Return a way to damage a file: a function from its bytes to others."""
    steps = draw(st.lists(STEPS, min_size=1, max_size=4))

    def damage(whole):
        content = bytearray(whole)
        for kind, share, byte in steps:
            place = int(share * max(0, len(content) - 1))
            if kind == 0 and content:
                content[place] = byte
            elif kind == 1:
                del content[place : place + 1 + byte // 8]
            elif kind == 2:
                content[place:place] = WORDS[byte % len(WORDS)]
            else:
                content[place:place] = content[: byte + 1]
        return bytes(content)

    return damage


# Expressions

TOKENS = [
    *"xyw()[]+-*/%,;=<>.'\"#\\ \n\t:{}@!&|~^0123456789",
    *["**", "1e308", "0x", "1_0", "1j", "lambda", "if", "else", "for", "in", "import os", "__class__"],
    *["é", "ｘ", "\u202e", "\x1b", "\0", "\ud800", "f'"],
    *TABLE,
]


@fuzzed
@given(st.lists(st.sampled_from(TOKENS), max_size=40).map("".join) | st.text(max_size=80))
def test_an_expression_is_a_value_or_an_error_of_its_own(text):
    try:
        value, leaves = evaluate(text, {"x": 0.5, "y": -2.0})
    except (ExpressionError, DomainError) as error:
        assert_short(error)
    else:
        assert isinstance(value.data, float)
        assert {"x", "y"} <= {*leaves}


FORMS = """({} + {})|({} ** {})|({} if {} else x)|({}, {})|{{ {}: {} }}|({} < {})|[{} for z in {}]|({} and {})|
tanh({})|total({}, {})|where({} < 1, {}, 2)|max(*{})|sin(x={})|({} := {})|-{}|({} @ {})""".replace(
    "\n", ""
).split("|")


@st.composite
def sources(draw, depth=4):
    """Return expressions that Python can parse, of all kinds."""
    leaf = draw(
        st.sampled_from(["x", "y", "1", "2.5", "'text'", "None", "...", "x.y", "x[0]", "lambda: x", "[x]"])
    )
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return leaf
    inner = [draw(sources(depth=depth - 1)) for _ in range(2)]
    form = draw(st.sampled_from(FORMS))
    return form.format(*inner)


@fuzzed
@given(sources())
def test_an_expression_that_python_can_read_is_a_value_or_an_error_of_its_own(text):
    try:
        ast.parse(text)
        evaluate(text, {"x": 0.5, "y": -2.0})
    except (ExpressionError, DomainError, SyntaxError) as error:
        assert_short(error)


# Model files


def model():
    return MLP(2, [2, 1], rng=random.Random(0))


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    pytest.importorskip("safetensors")
    from nn import save

    return save(model(), tmp_path_factory.mktemp("fuzz") / "model").read_bytes()


HEADERS = st.dictionaries(
    st.sampled_from(["layers.0.weight", "layers.0.bias", "__metadata__", "other", "\x1b"]),
    st.fixed_dictionaries({
        "dtype": st.sampled_from(["F64", "F32", "F16", "BF16", "I64", "BOOL", "X", "", None]),
        "shape": st.lists(st.integers(-1, 2**62) | st.integers(0, 3), max_size=3),
        "data_offsets": st.lists(st.integers(-1, 2**62) | st.integers(0, 64), max_size=3),
    }) | st.none() | st.text(max_size=5),
)  # fmt: skip


@fuzzed
@given(damage=damages())
def test_a_damaged_model_file_is_read_or_refused_whole(model_file, tmp_path_factory, damage):
    assert_model_is_loaded_or_unchanged(damage(model_file), tmp_path_factory)


@fuzzed
@given(header=HEADERS, data=st.binary(max_size=80))
def test_a_forged_model_file_is_read_or_refused_whole(model_file, tmp_path_factory, header, data):
    text = json.dumps(header).encode()
    assert_model_is_loaded_or_unchanged(struct.pack("<Q", len(text)) + text + data, tmp_path_factory)


def assert_model_is_loaded_or_unchanged(content, tmp_path_factory):
    from nn import load

    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(content)
    found = model()
    before = found.state_dict()
    try:
        load(found, path)
    except ValueError as error:
        assert_short(error)
        assert repr(found.state_dict()) == repr(before)


# Checkpoints


def trained(path, epochs=7):
    found = model()
    data = Dataset([[0.0, 1.0], [1.0, 0.0]], [1.0, 0.0])
    fit(found, data, "mse_loss", epochs=epochs, rng=random.Random(1), checkpoint=path, early_stopping=50)
    return found


@pytest.fixture(scope="module")
def checkpoint_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("fuzz") / "run"
    trained(path)
    return path.read_bytes()


@fuzzed
@given(damage=damages())
def test_a_damaged_checkpoint_is_refused_or_what_was_written(checkpoint_file, tmp_path_factory, damage):
    path = tmp_path_factory.getbasetemp() / "damaged-run"
    path.write_bytes(checkpoint_file)
    whole = Checkpoint(path)._read()
    path.write_bytes(damage(checkpoint_file))
    try:
        assert Checkpoint(path)._read() == whole
    except ValueError as error:
        assert_short(error)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@fuzzed
@given(item=JSON, place=st.integers(0, 10**6))
def test_a_forged_checkpoint_is_resumed_from_or_refused_whole(checkpoint_file, tmp_path_factory, item, place):
    """Return a state with any part replaced by anything, with a valid checksum."""
    path = tmp_path_factory.getbasetemp() / "forged-run"
    path.write_bytes(checkpoint_file)
    state = Checkpoint(path)._read()
    folders = list(_folders(state))
    folder, key = folders[place % len(folders)]
    folder[key] = item
    body = json.dumps(state).encode() + b"\n"
    path.write_bytes(checkpoints._head(len(body), hashlib.sha256(body)) + body)
    try:
        trained(path, epochs=8)
    except (ValueError, ArithmeticError) as error:
        assert_short(error)


def _folders(state):
    for key, item in state.items() if isinstance(state, dict) else enumerate(state):
        yield state, key
        if isinstance(item, dict | list) and len(item) < 100:
            yield from _folders(item)


# CSV


@fuzzed
@given(
    content=st.binary(max_size=200)
    | st.text(alphabet='0123456789.,-+eE"\n\r\t ;nanif\0\ufeffx', max_size=200).map(str.encode),
    target=st.integers(-4, 4) | st.sampled_from(["x", "", "\x1b"]),
    header=st.sampled_from([None, True, False]),
)
def test_a_csv_file_is_rows_of_finite_numbers_or_an_error_of_its_own(tmp_path_factory, content, target, header):
    path = tmp_path_factory.getbasetemp() / "data.csv"
    path.write_bytes(content)
    try:
        data = load_csv(path, target, header=header)
    except ValueError as error:
        assert_short(error)
    else:
        assert len({len(row) for row in data.inputs}) == 1
        assert all(x - x == 0 for row in data.inputs for x in row)


# Compiled code in a folder


@fuzzed
@given(damage=damages())
def test_damaged_code_is_not_run(tmp_path_factory, damage):
    pytest.importorskip("llvmlite")
    from autograd.compiling.codegen.cache import CodeCache

    cache = CodeCache(tmp_path_factory.getbasetemp() / "cache")
    cache.put("key", bytes(range(256)))
    path = cache._path("key")
    whole = path.read_bytes()
    damaged = damage(whole)
    path.write_bytes(damaged)
    assert cache.get("key") == (bytes(range(256)) if damaged == whole else None)


# Blocks of a long check


@fuzzed
@given(damage=damages(), more=JSON)
def test_a_file_of_blocks_gives_whole_blocks_alone(tmp_path_factory, damage, more):
    path = tmp_path_factory.getbasetemp() / "blocks"
    block = million.Block("tame", 3, million.BLOCK, 0, 0, 1.5, [])
    path.unlink(missing_ok=True)
    for _ in range(3):
        million._keep(path, block, 1)
    path.write_bytes(damage(path.read_bytes()) + b"\n" + json.dumps(more).encode())
    for task, found in million._kept(path, 1).items():
        assert (task[2], found.right + found.undecided + found.wrong) == (1, million.BLOCK)


# Tables


@fuzzed
@given(damage=damages(), kind=st.sampled_from(["npy", "parquet"]))
def test_a_damaged_table_is_numbers_or_an_error_of_its_own(tmp_path_factory, damage, kind):
    np = pytest.importorskip("numpy")
    pytest.importorskip("pyarrow")
    pytest.importorskip("distributed")
    import pyarrow
    from pyarrow import parquet

    from autograd.cluster import folders

    stream = io.BytesIO()
    if kind == "npy":
        np.save(stream, np.arange(12.0).reshape(4, 3))
        columns, look, read = {"x": [0, 1], "y": 2}, folders.scan_npy, folders.read_npy
    else:
        parquet.write_table(pyarrow.table({"x": [1.0, 2.0], "y": [3, 4]}), stream)
        columns, look, read = {"x": "x", "y": "y"}, folders.scan_parquet, folders.read_parquet
    path = tmp_path_factory.getbasetemp() / f"table.{kind}"
    path.write_bytes(damage(stream.getvalue()))
    try:
        for part in look(str(path), columns, None).parts:
            read(str(path), columns, part)
    except (ValueError, MemoryError) as error:
        assert_short(error)
