"""Data: generated, loaded, split and standardised; seeded, with clear errors."""

import math
import os
import random
import statistics
import tracemalloc

import pytest

from nn import (
    Dataset,
    blobs,
    circles,
    digits,
    load_csv,
    logic_gate,
    moons,
    spirals,
    standardise,
)


def generator(seed=0):
    return random.Random(seed)


@pytest.mark.parametrize("make", [moons, circles, spirals, blobs])
def test_made_data_depend_on_the_generator_alone(make):
    assert make(50, rng=generator()) == make(50, rng=generator())
    assert make(50, rng=generator()) != make(50, rng=generator(1))
    assert make(51, rng=generator()).size == 51


@pytest.mark.parametrize("make", [moons, circles, spirals])
def test_two_classes_are_of_one_size(make):
    assert sum(make(60, rng=generator()).targets) == 0


def test_circles_lie_on_their_radii():
    data = circles(100, noise=0.0, factor=0.3, rng=generator())
    radii = {round(math.hypot(*p), 9): t for p, t in zip(data.inputs, data.targets, strict=True)}
    assert radii == {1.0: -1.0, 0.3: 1.0}


def test_blobs_lie_around_their_centres():
    centres = [[0.0, 0.0, 0.0], [9.0, 9.0, 9.0]]
    data = blobs(400, centres, deviation=0.5, rng=generator())
    for k, centre in enumerate(centres):
        mine = [p for p, t in zip(data.inputs, data.targets, strict=True) if t == k]
        assert statistics.fmean(p[0] for p in mine) == pytest.approx(centre[0], abs=0.1)
        assert statistics.stdev(p[2] for p in mine) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: moons(1, rng=generator()), "at least 2 points"),
        (lambda: moons(10**30, rng=generator()), "two moons have at most 10,000,000 points, got 10000"),
        (lambda: spirals(10**30, rng=generator()), "two spirals have at most 10,000,000 points"),
        (lambda: blobs(9, 10**30, rng=generator()), "blobs have at most 10,000,000 centres, got 10000"),
        (lambda: circles(1, rng=generator()), "at least 2 points"),
        (lambda: circles(9, factor=2.0, rng=generator()), "factor"),
        (lambda: spirals(0, rng=generator()), "at least 2 points"),
        (lambda: blobs(2, 3, rng=generator()), "at least 3 points"),
        (lambda: blobs(2, 0, rng=generator()), "at least 1 centre"),
        (
            lambda: moons(9, noise=-1.0, rng=generator()),
            "noise must be a standard deviation, 0 or more, got -1.0",
        ),
        (lambda: blobs(9, 3, deviation=-1.0, rng=generator()), "deviation must be a standard deviation"),
        (lambda: logic_gate("maybe"), "There are and, or"),
    ],
)
def test_invalid_data_sets_are_errors(make, word):
    with pytest.raises(ValueError, match=word):
        make()


def test_a_gate_is_its_truth_table():
    assert logic_gate("xor").targets == [-1.0, 1.0, 1.0, -1.0]
    assert logic_gate("nand").targets == [-t for t in logic_gate("and").targets]


def test_the_digits_are_real_and_scaled():
    pytest.importorskip("sklearn")
    data = digits()
    assert data.size == 1797
    assert set(data.targets) == set(range(10))
    assert all(0 <= pixel <= 1 for image in data.inputs for pixel in image)
    assert max(pixel for image in data.inputs for pixel in image) == 1


def test_without_scikit_learn_the_digits_name_the_extra(without):
    without("sklearn")
    with pytest.raises(ImportError, match=r"scikit-learn: pip install 'chainwalk\[digits\]'"):
        digits()


def test_standardising_uses_mean_and_standard_deviation_of_the_training_data():
    data = Dataset([[1.0, 7.0], [3.0, 7.0], [8.0, 7.0]], [0.0, 0.0, 0.0])
    shift = standardise(data)
    inputs = shift(data).inputs
    assert statistics.fmean(x for x, _ in inputs) == pytest.approx(0)
    assert statistics.pstdev([x for x, _ in inputs]) == pytest.approx(1)
    assert [y for _, y in inputs] == [0.0, 0.0, 0.0]
    assert shift.point([4.0, 8.0]) == [0.0, 1.0]
    with pytest.raises(ValueError, match="an input must have 2 numbers, got 1"):
        shift.point([1.0])
    with pytest.raises(ValueError, match="empty"):
        standardise(Dataset([], []))


# Files


def written(tmp_path, text):
    path = tmp_path / "data.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_with_and_without_a_header(tmp_path):
    path = written(tmp_path, "a,b,y\n1,2,3\n\n4, 5 ,6.5e1\n")
    assert load_csv(path) == load_csv(path, "y") == load_csv(path, 2)
    assert load_csv(path) == Dataset([[1.0, 2.0], [4.0, 5.0]], [3.0, 65.0])
    assert load_csv(path, "a") == Dataset([[2.0, 3.0], [5.0, 65.0]], [1.0, 4.0])
    assert load_csv(written(tmp_path, "1,2\n3,4\n"), 0) == Dataset([[2.0], [4.0]], [1.0, 3.0])
    assert load_csv(written(tmp_path, "1,2\n3,4\n"), header=True) == Dataset([[3.0]], [4.0])


@pytest.mark.parametrize(
    ("text", "options", "word"),
    [
        ("", {}, "no rows"),
        ("a,b\n", {}, "a header and no rows"),
        ("1,2\n3\n", {}, "line 2: 1 fields, but the first line has 2"),
        ("a,b\n1,2\n3,x\n", {}, "line 3, column 'b': 'x' is not a number"),
        ("1,2\n3,\n", {}, "line 2, column 2: the field is empty"),
        ("1,2\n3,nan\n", {}, "line 2, column 2: nan is not finite"),
        ("1,2\n-inf,1\n", {}, "line 2, column 1: -inf is not finite"),
        ("1,2\n1_000,1\n", {}, "line 2, column 1: '1_000' is not a number"),
        ("1,\n3,4\n", {}, "'1' in the first line is a number, other fields are not: pass header="),
        ("a;b\n1;2\n", {}, "one column, .* are there commas in it?"),
        ("a,a,b\n1,2,3\n", {"target": "a"}, "2 columns are called 'a': give a position"),
        ("1,2\n" + 200_000 * "3", {}, "is not a text file of comma-separated values"),
        ("a,b\n1,2\n", {"target": "c"}, "no column is called 'c': the columns are a, b"),
        ("1,2\n", {"target": "c"}, "has no header"),
        ("1,2\n", {"target": 5}, "no column 5: there are 2"),
    ],
)
def test_an_invalid_file_is_an_error_that_names_the_place(tmp_path, text, options, word):
    with pytest.raises(ValueError, match=word):
        load_csv(written(tmp_path, text), **options)


@pytest.mark.parametrize("content", [b"\xff\xfe1,2\n", b"1,2\n3,\x80\n", bytes(range(256))])
def test_a_binary_file_is_a_clear_error(tmp_path, content):
    (tmp_path / "data.csv").write_bytes(content)
    with pytest.raises(ValueError, match="is not a text file of comma-separated values in UTF-8"):
        load_csv(tmp_path / "data.csv")


def test_a_file_is_read_no_further_than_its_first_fault(tmp_path):
    """A gigabyte of zero bytes, or of anything else behind the fault, takes neither time nor memory."""
    tracemalloc.start()
    try:
        for start, word in ((b"", "zero bytes"), (b"1,2\n3\n", "line 2: 1 fields"), (b"1,", "zero bytes")):
            with (tmp_path / "data.csv").open("wb") as file:
                file.write(start)
                file.truncate(2**30)
            with pytest.raises(ValueError, match=word):
                load_csv(tmp_path / "data.csv")
        (tmp_path / "data.csv").write_text(9_000_000 * "1," + "1\n")
        with pytest.raises(ValueError, match=r"a line is longer than 16,777,215 letters"):
            load_csv(tmp_path / "data.csv")
        assert tracemalloc.get_traced_memory()[1] < 2**27
    finally:
        tracemalloc.stop()


def test_data_without_a_mean_cannot_be_standardised():
    with pytest.raises(ValueError, match="column 1 has a nan or inf"):
        standardise(Dataset([[1.0, 2.0], [1.0, math.nan]], [0.0, 0.0]))
    with pytest.raises(ValueError, match="the inputs are 1 and 2 numbers long"):
        standardise(Dataset([[1.0, 2.0], [1.0]], [0.0, 0.0]))


def test_a_missing_file_is_pythons_own_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_csv(tmp_path / "nothing.csv")


def test_moons_are_two_half_circles():
    data = moons(100, noise=0.0, rng=random.Random(0))
    for (x, y), target in zip(data.inputs, data.targets, strict=True):
        centre = (0.0, 0.0) if target < 0 else (1.0, 0.5)
        assert math.hypot(x - centre[0], y - centre[1]) == pytest.approx(1.0)
        assert (y >= 0) if target < 0 else (y <= 0.5)
    assert data.targets.count(1.0) == 50


def test_batches_take_every_example_once(rng):
    data = Dataset([[float(k)] for k in range(10)], [float(k) for k in range(10)])
    batches = list(data.batches(4, rng))
    assert [batch.size for batch in batches] == [4, 4, 2]
    assert sorted(t for batch in batches for t in batch.targets) == data.targets
    assert all(batch.inputs[k] == [batch.targets[k]] for batch in batches for k in range(batch.size))


def test_split_leaves_no_example_out_and_none_twice(rng):
    data = Dataset([[float(k)] for k in range(10)], [float(k) for k in range(10)])
    first, second = data.split(0.7, rng)
    assert sorted(first.targets + second.targets) == data.targets


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no fifos here")
def test_a_fifo_and_a_file_beyond_all_sizes_are_refused_before_they_are_read(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(ValueError, match="fifo is a fifo, not a file"):
        load_csv(tmp_path / "fifo")
    with (tmp_path / "sparse.csv").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(ValueError, match=r"sparse.csv has 1,099,511,627,776 bytes"):
        load_csv(tmp_path / "sparse.csv")
