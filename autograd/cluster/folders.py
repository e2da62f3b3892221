"""Read folders of Parquet or .npy files larger than memory: scanned once, read in blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..files import refuse_special_file
from ..terminal import brief, listed, printable
from .blocks import FileBlock, load
from .rows import BLOCK, Rows, partition
from .waiting import gathered

if TYPE_CHECKING:
    from distributed import Client

Columns = Mapping[str, Any]
"""A column or a list of columns for each name: by name in Parquet files, by position in .npy files."""


class Found(NamedTuple):
    """The scan of a file: the parts to read it in, and the number of rows of each."""

    parts: list[Any]
    counts: list[int]


def folder(
    client: Client, path: str | Path, *, block: int | None = None, keep: int | None = None, **columns: Any
) -> Rows:
    """Read a folder of Parquet files, or of .npy files with a table in each, sorted by file name.

    Each name is given a column, or a list of columns: by name in Parquet files, by position in .npy
    files. `block` is the maximum number of rows of a block; a block of a Parquet file consists of
    whole row groups, at least one. The folder must exist at that path on every worker; only the
    workers read it.

    The first blocks, up to `keep` bytes in total (by default a third of the workers' memory), stay
    in memory once read; the others are read again in each step.

    Raises FileNotFoundError for a missing folder or missing files, ValueError for files with other
    columns, with non-numeric columns, or without rows.

    >>> folder(client, "taxis", x=["distance", "hour"], y="fare")  # doctest: +SKIP
    <84,399,019 rows of x, y in 162 blocks, 40 kept>
    """
    if not columns:
        raise ValueError("folder needs columns: give one or a list of them for each name, such as y='price'")
    (found,) = gathered(client, [client.submit(attempted, files_of, str(path), pure=False)])
    files = _value_of(found)
    scan, read = _FORMATS[Path(files[0]).suffix]
    scans = client.map(
        attempted, [scan] * len(files), files, columns=columns, block=block, key="scan", pure=False
    )
    scanned = [_value_of(found) for found in gathered(client, scans)]
    blocks = [
        FileBlock(read, file, columns, part, count)
        for file, found in zip(files, scanned, strict=True)
        for part, count in zip(found.parts, found.counts, strict=True)
    ]
    shapes: dict[str, tuple[int, ...]] = {
        name: (len(column),) if isinstance(column, list) else () for name, column in columns.items()
    }
    kept = _kept(client, blocks, shapes, keep)
    here = client.map(load, blocks[:kept], key="load", pure=False) if kept else []
    return Rows(client, [*here, *blocks[kept:]], [item.rows for item in blocks], shapes)


def _kept(client: Client, blocks: list[FileBlock], shapes: dict[str, Any], keep: int | None) -> int:
    """Return the number of blocks that stay in the workers' memory."""
    if keep is None:
        workers = client.scheduler_info(n_workers=-1)["workers"].values()
        keep = sum(worker["memory_limit"] or 0 for worker in workers) // 3
    row = 8 * sum(int(np.prod(shape)) for shape in shapes.values())
    room, kept = keep, 0
    while kept < len(blocks) and blocks[kept].rows * row <= room:
        room -= blocks[kept].rows * row
        kept += 1
    return kept


def attempted(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Return a function's result, or the exception it raises, so that the caller reports it."""
    try:
        return function(*arguments, **options)
    except Exception as error:
        return error


def _value_of(found: Any) -> Any:
    """Return what `attempted` returned, or raise its exception."""
    if isinstance(found, Exception):
        raise found
    return found


def files_of(path: str) -> list[str]:
    """Return the sorted data files of a folder. Raises FileNotFoundError for none, ValueError for two kinds."""
    place = Path(path)
    if not place.is_dir():
        raise FileNotFoundError(
            f"{printable(path)} is not a folder on the workers: it must exist at that path on each"
        )
    files = sorted(file for file in place.iterdir() if file.suffix in _FORMATS and file.name[0] not in "._")
    kinds = {file.suffix for file in files}
    if not kinds:
        raise FileNotFoundError(f"{printable(path)} has no files that end in .parquet or .npy")
    if len(kinds) > 1:
        raise ValueError(
            f"{printable(path)} has files of two kinds, .npy and .parquet: give each kind a folder"
        )
    return [str(file) for file in files]


# Parquet: a part is a range of row groups.


def scan_parquet(path: str, columns: Columns, block: int | None) -> Found:
    """Scan the columns and row groups of a file."""
    import pyarrow.parquet

    refuse_special_file(path)
    if path.encode("utf-8", "replace").decode() != path:
        raise ValueError(
            f"{printable(path)} has a name that is not UTF-8, and pyarrow cannot open it: rename it"
        )
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            schema, groups = file.schema_arrow, file.metadata
            counts = [groups.row_group(k).num_rows for k in range(groups.num_row_groups)]
    except (pyarrow.ArrowException, OSError) as error:
        raise _damaged(path, error) from error
    asked = _columns(columns)
    twice = [name for name in asked if schema.names.count(name) > 1]
    if twice:
        raise ValueError(
            f"{printable(path)} has several columns called {listed(twice)}: give each a name of its own"
        )
    missing = [name for name in asked if name not in schema.names]
    if missing:
        raise ValueError(
            f"{printable(path)} has no column {listed(missing)}: its columns are {listed(schema.names)}"
        )
    for name in asked:
        kind = schema.field(name).type
        if not (pyarrow.types.is_integer(kind) or pyarrow.types.is_floating(kind)):
            raise ValueError(f"{printable(path)}: column {name} is of {kind}, not of numbers")
    return _with_rows(path, _ranges(counts, BLOCK if block is None else block), counts)


def _damaged(path: str, error: Exception) -> Exception:
    """Return the error to raise for one of pyarrow's; its OSErrors for damaged content have no errno."""
    if isinstance(error, OSError) and error.errno:
        return error
    return ValueError(f"{printable(path)} is not a complete Parquet file: {brief(error, 400)}")


def _columns(columns: Columns) -> list[Any]:
    return [item for column in columns.values() for item in (column if isinstance(column, list) else [column])]


def _ranges(counts: list[int], most: int) -> list[tuple[int, int]]:
    """Merge neighbouring row groups into ranges of at most `most` rows."""
    ranges: list[tuple[int, int]] = []
    rows = 0
    for k, count in enumerate(counts):
        if ranges and rows + count <= most:
            ranges[-1], rows = (ranges[-1][0], k + 1), rows + count
        else:
            ranges.append((k, k + 1))
            rows = count
    return ranges


def _with_rows(path: str, ranges: list[tuple[int, int]], counts: list[int]) -> Found:
    found = Found(ranges, [sum(counts[a:b]) for a, b in ranges])
    if not found.counts or not all(found.counts):
        raise ValueError(f"{printable(path)}: a block has zero rows: remove the file, or its empty row groups")
    return found


def read_parquet(path: str, columns: Columns, part: tuple[int, int]) -> dict[str, Any]:
    """Read some row groups: an array for each name."""
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            table = file.read_row_groups(list(range(*part)), columns=_columns(columns), use_threads=False)
    except (pyarrow.ArrowException, OSError) as error:
        raise _damaged(path, error) from error
    for name in table.column_names:
        if table[name].null_count:
            raise ValueError(f"{printable(path)}: column {name} has {table[name].null_count:,} empty cells")
    return _arrays(columns, lambda name: table[name].to_numpy())


def _arrays(columns: Columns, column: Callable[[Any], Any]) -> dict[str, Any]:
    return {
        name: np.stack([column(k) for k in asked], axis=1) if isinstance(asked, list) else column(asked)
        for name, asked in columns.items()
    }


# .npy: a part is a range of rows.


def scan_npy(path: str, columns: Columns, block: int | None) -> Found:
    """Scan the header of a file."""
    table = _head(path)
    width = table.shape[1]
    wrong = [k for k in _columns(columns) if not isinstance(k, int) or not -width <= k < width]
    if wrong:
        raise ValueError(
            f"{printable(path)} has no column {', '.join(map(repr, wrong))}: its columns are 0 to {width - 1}"
        )
    if not len(table):
        raise ValueError(f"{printable(path)}: a block has zero rows: remove the file")
    cuts = partition(len(table), table.strides[0], block)
    parts = list(pairwise(cuts))
    return Found(parts, [b - a for a, b in parts])


def _head(path: str) -> Any:
    """Return the memory-mapped table of a file. Raises ValueError if it holds no table of numbers."""
    refuse_special_file(path)
    try:
        table = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError:
        raise
    except Exception as error:  # numpy evaluates the header as Python and may raise anything
        raise ValueError(
            f"{printable(path)} is not a complete .npy file of numbers: {brief(error, 400)}"
        ) from error
    if not isinstance(table, np.ndarray):
        table.close()
        raise ValueError(f"{printable(path)} is a .npz file of several tables: save each as .npy")
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or table.dtype.kind not in "iuf" or not table.flags.c_contiguous:
        raise ValueError(
            f"{printable(path)} has {table.dtype} of shape {table.shape}: it must be a table of numbers, "
            "rows by columns, in C order"
        )
    return table


def read_npy(path: str, columns: Columns, part: tuple[int, int]) -> dict[str, Any]:
    """Read some rows: an array for each name. Not memory-mapped, whose pages would stay in memory."""
    head = _head(path)
    first, last = part
    width = head.shape[1]
    numbers = np.fromfile(
        path, head.dtype, count=(last - first) * width, offset=head.offset + first * head.strides[0]
    )
    table = numbers.reshape(-1, width)
    return {name: table[:, asked] for name, asked in columns.items()}


_FORMATS: dict[str, tuple[Callable[..., Found], Callable[..., dict[str, Any]]]] = {
    ".parquet": (scan_parquet, read_parquet),
    ".npy": (scan_npy, read_npy),
}
