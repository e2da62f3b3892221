"""Load data sets: handwritten digits, and files of comma-separated values."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from autograd.files import opened
from autograd.locks import uninterrupted
from autograd.terminal import brief, listed, printable, quoted

from .dataset import Dataset

_LONGEST = 2**24
"""The letters of a line are fewer: a million numbers, while a binary file can be one line."""


class Row(NamedTuple):
    """A row of a file, and the number of its last line."""

    line: int
    fields: list[str]


def digits() -> Dataset:
    """Return 1,797 handwritten digits, each 8 by 8 pixels from 0 (paper) to 1 (ink); the target is the digit.

    Source: E. Alpaydin, C. Kaynak, Optical recognition of handwritten digits, UCI Machine Learning
    Repository 1998, as included in scikit-learn. Raises ImportError, naming the extra, without it.

    >>> data = digits()
    >>> data.size, len(data.inputs[0]), data.targets[:5]
    (1797, 64, [0, 1, 2, 3, 4])
    """
    try:
        with uninterrupted():  # Ctrl-C would leave half of numpy
            from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError("the digits come with scikit-learn: pip install 'chainwalk[digits]'") from error
    found = load_digits()
    return Dataset((found.data / 16).tolist(), found.target.tolist())


def load_csv(path: str | Path, target: str | int = -1, *, header: bool | None = None) -> Dataset:
    """Load a file of comma-separated numbers; the column `target`, a name or position, has the targets.

    The first line is a header if none of its fields is a number, or if `header` says so. Raises
    FileNotFoundError; ValueError, naming line and column, for a field that is not a finite number;
    ValueError for a row of another length, for a target column that is missing or ambiguous, for a file
    without rows or with one column, and for a binary file.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "data.csv"
    ...     _ = path.write_text("width,height,area\\n2,3,6\\n1,5,5\\n")
    ...     data = load_csv(path, target="area")
    >>> data, data.inputs, data.targets
    (Dataset(2 examples, 2 inputs), [[2.0, 3.0], [1.0, 5.0]], [6.0, 5.0])
    """
    path = Path(path)
    name = printable(str(path))
    with opened(path) as file, io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
        return _data_set(_rows(text, name), target, header, name)


def _data_set(rows: Iterator[Row], target: str | int, header: bool | None, path: str) -> Dataset:
    top = next(rows, None)
    if top is None:
        raise ValueError(f"{path}: no rows")
    first = [field.strip() for field in top.fields]
    named = _is_header(first, path) if header is None else header
    column = _column(target, first, named, path)
    if len(first) < 2:
        raise ValueError(f"{path}: one column, but inputs and a target need two; are there commas in it?")
    inputs, targets = [], []
    for number, row in rows if named else chain([top], rows):
        if len(row) != len(first):
            raise ValueError(f"{path}, line {number}: {len(row)} fields, but the first line has {len(first)}")
        numbers = [_number(field, path, number, k, first[k] if named else "") for k, field in enumerate(row)]
        targets.append(numbers.pop(column))
        inputs.append(numbers)
    if not inputs:
        raise ValueError(f"{path}: a header and no rows")
    return Dataset(inputs, targets)


def _is_header(fields: list[str], path: str) -> bool:
    """Return whether the first line is a header. Raises ValueError if it has both numbers and others."""
    numbers = [field for field in fields if _is_number(field)]
    if numbers and len(numbers) < len(fields):
        raise ValueError(
            f"{path}: {quoted(numbers[0])} in the first line is a number, other fields are not: pass header="
        )
    return not numbers


def _rows(text: io.TextIOWrapper, path: str) -> Iterator[Row]:
    """Yield the rows of a file, without empty lines."""
    try:
        reader = csv.reader(_lines(text))
        for row in reader:
            if any(field.strip() for field in row):
                yield Row(reader.line_num, row)
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} is not a text file of comma-separated values in UTF-8: {error}") from error


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Yield the lines of a file. Raises csv.Error at one that is no line of a text."""
    while line := text.readline(_LONGEST):
        if "\0" in line:
            raise csv.Error("it contains zero bytes")
        if len(line) == _LONGEST:
            raise csv.Error(f"a line is longer than {_LONGEST - 1:,} letters")
        yield line


def _column(target: str | int, first: list[str], named: bool, path: str) -> int:
    if isinstance(target, str):
        if not named or target not in first:
            there = f"the columns are {listed(first)}" if named else "the file has no header; give a position"
            raise ValueError(f"{path}: no column is called {quoted(target)}: {there}")
        if first.count(target) > 1:
            raise ValueError(
                f"{path}: {first.count(target)} columns are called {quoted(target)}: give a position"
            )
        return first.index(target)
    if not -len(first) <= target < len(first):
        raise ValueError(f"{path}: no column {target}: there are {len(first)}")
    return target % len(first)


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return "_" not in field  # which Python allows between digits


def _number(field: str, path: str, line: int, column: int, name: str) -> float:
    where = f"{path}, line {line}, " + (f"column {quoted(name)}" if name else f"column {column + 1}")
    if not field.strip():
        raise ValueError(f"{where}: the field is empty")
    if not _is_number(field):
        raise ValueError(f"{where}: {quoted(field)} is not a number")
    number = float(field)
    if not math.isfinite(number):
        raise ValueError(f"{where}: {brief(field.strip())} is not finite; leave such rows out")
    return number
