"""safetensors files: exact, compatible with PyTorch, and a damaged or hostile one changes nothing."""

import json
import math
import os
import re
import struct

import pytest

from autograd import Value
from nn import MLP, Activation, Dropout, Layer, Module, Sequential, Softmax
from nn.saving import load, save
from tests.helpers import parameter_values

pytest.importorskip("safetensors")


def test_a_saved_model_comes_back_exactly(rng, tmp_path):
    model, other = MLP(3, [4, 2], rng=rng), MLP(3, [4, 2], rng=rng)
    model.parameters()[0].data, model.parameters()[1].data = -math.inf, 5e-324
    load(other, save(model, tmp_path / "model.safetensors"))
    assert parameter_values(other) == parameter_values(model)
    assert os.listdir(tmp_path) == ["model.safetensors"]


def test_the_file_is_float64_under_the_models_own_names(rng, tmp_path):
    numpy = pytest.importorskip("safetensors.numpy")
    tensors = numpy.load_file(save(MLP(3, [4, 2], rng=rng), tmp_path / "m"))
    assert {name: (array.dtype.name, array.shape) for name, array in tensors.items()} == {
        "layers.0.weight": ("float64", (4, 3)),
        "layers.0.bias": ("float64", (4,)),
        "layers.1.weight": ("float64", (2, 4)),
        "layers.1.bias": ("float64", (2,)),
    }


def test_the_other_names_are_an_error_that_lists_both(rng, tmp_path):
    model = MLP(1, [1, 1], rng=rng)
    path = save(model, tmp_path / "m", names="sequential")
    with pytest.raises(ValueError, match=r"missing: layers.0.weight.*unexpected: .*2.bias"):
        load(model, path)
    with pytest.raises(ValueError, match=r"missing: 0.weight.*unexpected: .*layers.1.bias"):
        load(model, save(model, path), names="sequential")
    with pytest.raises(ValueError, match="names must be one of 'own', 'sequential', got 'torch'"):
        save(model, path, names="torch")


def file(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(dtype, shape, start, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a complete safetensors file"),
        (b"abc", "is not a complete safetensors file"),
        (b"\x80\x04\x95" + bytes(30), "is not a complete safetensors file"),  # a pickle
        (file({}, length=2**60), "is not a complete safetensors file"),
        (file(b"{" * 100_000), "is not a complete safetensors file"),
        (file({"weight": entry("F64", [1, 1], 0, 8)}, bytes(4)), "is not a complete safetensors file"),
        (file({"weight": entry("F64", [1, 1], 0, 8)}, bytes(80)), "is not a complete safetensors file"),
        (
            file({"weight": entry("F64", [1, 1], 0, 8), "bias": entry("F64", [1], 4, 12)}, bytes(12)),
            "is not a complete safetensors file",
        ),
        (file({"weight": entry("F64", [2**40, 2**40], 0, 8)}, bytes(8)), "is not a complete safetensors file"),
        (file({"weight": entry("F64", [-1], 0, 8)}, bytes(8)), "is not a complete safetensors file"),
        (file({"weight": entry("X64", [1], 0, 8)}, bytes(8)), "is not a complete safetensors file"),
        (file({"weight": entry("BF16", [1], 0, 2)}, bytes(2)), "has numbers of dtype 'BF16'"),
        (file({"weight": entry("I64", [1], 0, 8)}, bytes(8)), "weight has numbers of dtype int64: save it as"),
        (file({"weight": entry("F64", [1, 1], 0, 8)}, bytes(8)), "missing: bias"),
        (
            file({"weight": entry("F64", [1], 0, 8), "bias": entry("F64", [1], 8, 16)}, bytes(16)),
            "weight has the shape [1], but the model's is [1, 1]",
        ),
    ],
)
def test_a_damaged_or_foreign_file_is_a_clear_error_and_changes_nothing(rng, tmp_path, content, message):
    layer, path = Layer(1, 1, rng=rng), tmp_path / "hostile.safetensors"
    layer.neurons[0].bias.data = 3.0
    before = parameter_values(layer)
    path.write_bytes(content)
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        load(layer, path)
    assert str(path) in str(caught.value)
    assert parameter_values(layer) == before


def test_a_file_cut_anywhere_is_an_error_that_changes_nothing(rng, tmp_path):
    model = MLP(2, [2, 1], rng=rng)
    whole = save(model, tmp_path / "m").read_bytes()
    before = parameter_values(model)
    for length in range(len(whole)):
        (tmp_path / "cut").write_bytes(whole[:length])
        with pytest.raises(ValueError, match="is not a complete safetensors file"):
            load(model, tmp_path / "cut")
    assert parameter_values(model) == before


def mutated(whole, rng):
    """Return the file with bytes changed, left out or put in; or with another header that is well-formed."""
    kind, content = rng.randrange(4), bytearray(whole)
    if kind == 0:
        for _ in range(rng.randint(1, 4)):
            content[rng.randrange(len(content))] = rng.randrange(256)
    elif kind == 1:
        start = rng.randrange(len(content))
        del content[start : start + rng.randint(1, 30)]
    elif kind == 2:
        start = rng.randrange(len(content))
        content[start:start] = rng.randbytes(rng.randint(1, 30))
    else:
        length = struct.unpack("<Q", whole[:8])[0]
        header = json.loads(whole[8 : 8 + length])
        name, key = rng.choice(list(header)), rng.choice(["dtype", "shape", "data_offsets", "name"])
        if key == "name":
            header[rng.choice(["", "../bias", "layers.0.weight.", "__metadata__"])] = header.pop(name)
        else:
            header[name][key] = rng.choice(
                [None, "I64", "BF16", [1], [-1], [0, 2**63], [8, 0], [2, 2, 1], 10**30]
            )
        return file(header, whole[8 + length :])
    return bytes(content)


def test_a_mutated_file_is_an_error_that_changes_nothing_or_a_state_that_fits(rng, tmp_path):
    model, other = MLP(2, [2, 1], rng=rng), MLP(2, [2, 1], rng=rng)
    whole, path = save(other, tmp_path / "m").read_bytes(), tmp_path / "mutated"
    original, refused = parameter_values(model), 0
    for _ in range(400):
        path.write_bytes(mutated(whole, rng))
        try:
            load(model, path)
        except ValueError as error:
            assert str(error).startswith(str(path))  # noqa: PT017 (what it says is only half of the claim)
            assert parameter_values(model) == original
            refused += 1
        else:
            # Only numbers, or parts that are ignored, were changed: everything was loaded.
            assert len(parameter_values(model)) == 9
            for parameter, number in zip(model.parameters(), original, strict=True):
                parameter.data = number
    assert refused > 250


def test_a_file_of_float32_gives_the_numbers_that_it_holds(rng, tmp_path):
    numpy = pytest.importorskip("safetensors.numpy")
    import numpy as np

    path, layer = tmp_path / "m", Layer(1, 1, rng=rng)
    numpy.save_file({"weight": np.array([[0.1]], np.float32), "bias": np.array([0.5], np.float32)}, path)
    load(layer, path)
    assert parameter_values(layer) == [struct.unpack("<f", struct.pack("<f", 0.1))[0], 0.5]


def test_a_missing_file_is_pythons_own_error(rng, tmp_path):
    with pytest.raises(FileNotFoundError):
        load(Layer(1, 1, rng=rng), tmp_path / "none")


def test_without_safetensors_the_error_names_the_extra(rng, tmp_path, without):
    without("safetensors")
    with pytest.raises(ImportError, match=r"chainwalk\[save\]"):
        save(Layer(1, 1, rng=rng), tmp_path / "m")


def test_pytorch_reads_it_into_an_equal_sequential_and_back(rng, tmp_path):
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file, save_file

    def sequential():
        layers = torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 3), torch.nn.ReLU()
        return torch.nn.Sequential(*layers, torch.nn.Linear(3, 1)).double()

    ours, theirs = MLP(2, [4, 3, 1], activation="relu", rng=rng), sequential()
    path = save(ours, tmp_path / "ours", names="sequential")
    theirs.load_state_dict(load_file(path))
    point, exact = [0.3, -0.7], torch.tensor([0.3, -0.7], dtype=torch.float64)
    assert theirs(exact).item() == pytest.approx(ours(point).data, rel=1e-14)

    trained = sequential()
    save_file(trained.state_dict(), tmp_path / "theirs")
    load(ours, tmp_path / "theirs", names="sequential")
    assert trained(torch.tensor(point, dtype=torch.float64)).item() == pytest.approx(
        ours(point).data, rel=1e-14
    )
    save_file(trained.float().state_dict(), tmp_path / "float32")
    load(ours, tmp_path / "float32", names="sequential")
    assert trained(torch.tensor(point)).item() == pytest.approx(ours(point).data, abs=1e-6)


def test_a_sequence_of_modules_has_pytorchs_own_numbers(rng, tmp_path):
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file

    layers = (
        Layer(2, 3, "linear", rng=rng),
        Activation("tanh"),
        Dropout(0.5, rng=rng),
        Layer(3, 2, "linear", rng=rng),
    )
    model = Sequential(*layers, Softmax()).eval()
    theirs = (
        torch.nn.Sequential(
            torch.nn.Linear(2, 3),
            torch.nn.Tanh(),
            torch.nn.Dropout(0.5),
            torch.nn.Linear(3, 2),
            torch.nn.Softmax(0),
        )
        .double()
        .eval()
    )
    theirs.load_state_dict(load_file(save(model, tmp_path / "m", names="sequential")))
    expected = theirs(torch.tensor([0.3, -0.7], dtype=torch.float64)).tolist()
    assert [y.data for y in model([0.3, -0.7])] == pytest.approx(expected, rel=1e-14)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no fifos here")
def test_a_fifo_and_a_file_larger_than_the_model_could_need_are_refused_before_they_are_read(rng, tmp_path):
    model = MLP(2, [1], rng=rng)
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(ValueError, match="fifo is a fifo, not a file"):
        load(model, tmp_path / "fifo")
    with (tmp_path / "sparse").open("wb") as sparse:
        sparse.write(struct.pack("<Q", 100))
        sparse.truncate(100 * 2**30)
    for strict in (True, False):
        with pytest.raises(ValueError, match=r"sparse has 107,374,182,400 bytes, more than the limit"):
            load(model, tmp_path / "sparse", strict=strict)
    with pytest.raises(FileNotFoundError):
        load(model, tmp_path / "absent")


def test_a_tensor_with_rows_of_different_lengths_is_refused(tmp_path):
    class Uneven(Module):
        def __init__(self):
            self.rows = [[Value(1.0)], [Value(2.0), Value(3.0)]]

        def named_tensors(self, prefix=""):
            yield "rows", self.rows

    with pytest.raises(ValueError, match="rows has rows of different lengths, which a tensor cannot hold"):
        save(Uneven(), tmp_path / "uneven.safetensors")
    assert list(tmp_path.iterdir()) == []
