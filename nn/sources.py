"""Data sets that are read: handwritten digits, and files of comma-separated values."""

from __future__ import annotations

import csv
from pathlib import Path

from .data import Dataset


def digits() -> Dataset:
    """1,797 handwritten digits, 8 by 8 pixels from 0 (paper) to 1 (ink); the target is the digit.

    E. Alpaydin, C. Kaynak, Optical recognition of handwritten digits, UCI Machine Learning
    Repository 1998, as scikit-learn brings it. Raises ImportError, naming the extra, without it.

    >>> data = digits()
    >>> data.size, len(data.inputs[0]), data.targets[:5]
    (1797, 64, [0, 1, 2, 3, 4])
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError("the digits come with scikit-learn: pip install 'chainwalk[digits]'") from error
    found = load_digits()
    return Dataset((found.data / 16).tolist(), found.target.tolist())


def load_csv(path: str | Path, target: str | int = -1, *, header: bool | None = None) -> Dataset:
    """The rows of a file of comma-separated numbers; one column, by name or position, is the target.

    The first line is taken for a header if any of its fields is no number, or as `header` says.
    Raises FileNotFoundError, and ValueError that tells line and column for what is no number, for a
    row of another length, for a target column that is not there, and for a file without rows.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "data.csv"
    ...     _ = path.write_text("width,height,area\\n2,3,6\\n1,5,5\\n")
    ...     load_csv(path, target="area")
    Dataset(inputs=[[2.0, 3.0], [1.0, 5.0]], targets=[6.0, 5.0])
    """
    with Path(path).open(newline="", encoding="utf-8-sig") as file:
        lines = [(number, row) for number, row in enumerate(csv.reader(file), 1) if row]
    if not lines:
        raise ValueError(f"{path}: no rows")
    first = [field.strip() for field in lines[0][1]]
    named = not all(map(_is_number, first)) if header is None else header
    rows = lines[1:] if named else lines
    if not rows:
        raise ValueError(f"{path}: a header and no rows")
    column = _column(target, first, named, path)
    inputs, targets = [], []
    for number, row in rows:
        if len(row) != len(first):
            raise ValueError(f"{path}, line {number}: {len(row)} fields, but the first line has {len(first)}")
        numbers = [_number(field, path, number, k, first[k] if named else "") for k, field in enumerate(row)]
        targets.append(numbers.pop(column))
        inputs.append(numbers)
    return Dataset(inputs, targets)


def _column(target: str | int, first: list[str], named: bool, path: str | Path) -> int:
    if isinstance(target, str):
        if not named or target not in first:
            there = (
                f"the columns are {', '.join(first)}" if named else "the file has no header; give a position"
            )
            raise ValueError(f"{path}: no column is called {target!r}: {there}")
        return first.index(target)
    if not -len(first) <= target < len(first):
        raise ValueError(f"{path}: no column {target}: there are {len(first)}")
    return target % len(first)


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _number(field: str, path: str | Path, line: int, column: int, name: str) -> float:
    if not _is_number(field):
        where = f"column {name!r}" if name else f"column {column + 1}"
        raise ValueError(f"{path}, line {line}, {where}: {field!r} is not a number")
    return float(field)
