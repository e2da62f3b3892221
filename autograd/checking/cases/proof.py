"""Random programs by the million through the checker, on all cores, to be stopped and resumed at will."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from ..checker import check
from ..evidence.findings import RIGHT, UNDECIDED, WRONG
from .generation import FAMILIES, from_generator, generate

BLOCK = 500
"""How many programs one task checks."""


class Block(NamedTuple):
    """The result of one task: how many verdicts of each kind, and the programs that were wrong."""

    family: str
    number: int
    right: int
    undecided: int
    wrong: int
    seconds: float
    failures: list[str]


def check_block(task: tuple[str, int, int]) -> Block:
    """Check the programs of one block: its family, its number and their order of derivatives.

    The programs depend on nothing else, so that any machine finds the same.

    >>> block = check_block(("tame", 0, 1))
    >>> block.right + block.undecided, block.failures
    (500, [])
    """
    family, number, order = task
    started = time.perf_counter()
    counts, failures = {RIGHT: 0, UNDECIDED: 0, WRONG: 0}, []
    for k in range(BLOCK):
        program = generate(from_generator(random.Random(f"{family} {number * BLOCK + k}")), family=family)
        report = check(program.record()[0], order)
        counts[report.verdict] += 1
        if report.verdict == WRONG:
            failures.append(report.failure())
    took = time.perf_counter() - started
    return Block(family, number, counts[RIGHT], counts[UNDECIDED], counts[WRONG], round(took, 3), failures)


def prove(
    programs: int,
    order: int = 1,
    file: str | Path | None = None,
    processes: int | None = None,
    tell: Callable[[list[Block], int], None] = lambda done, total: None,
    run: Callable[[Callable[..., Block], Iterable[Any]], Iterable[Block]] | None = None,
) -> list[Block]:
    """Check that many random programs, as many of each family, and give the blocks.

    `file` keeps every finished block, a line each; what it holds already is not done again.
    `run` maps a function over tasks somewhere else than on this machine's cores.
    """
    count = -(-programs // (BLOCK * len(FAMILIES)))
    tasks = [(family, number, order) for number in range(count) for family in FAMILIES]
    done = _kept(file, order)
    finished = [done[task] for task in tasks if task in done]
    tell(finished, len(tasks))
    left = [task for task in tasks if task not in done]
    for block in (run or _on_cores(processes))(check_block, left):
        finished.append(block)
        _keep(file, block, order)
        tell(finished, len(tasks))
    return finished


def _on_cores(processes: int | None) -> Callable[[Callable[..., Block], Iterable[Any]], Iterator[Block]]:
    def run(function: Callable[..., Block], tasks: Iterable[Any]) -> Iterator[Block]:
        with get_context("spawn").Pool(processes or os.cpu_count()) as pool:
            yield from pool.imap_unordered(function, tasks)

    return run


def _kept(file: str | Path | None, order: int) -> dict[tuple[str, int, int], Block]:
    """The blocks of an earlier run; a line that was cut off is done again."""
    found: dict[tuple[str, int, int], Block] = {}
    if file is not None and Path(file).exists():
        for line in Path(file).read_text("utf-8").splitlines():
            with suppress(ValueError, KeyError, TypeError):
                fields = json.loads(line)
                block = Block(**{name: fields[name] for name in Block._fields})
                found[block.family, block.number, fields["order"]] = block
    return {task: block for task, block in found.items() if task[2] == order}


def _keep(file: str | Path | None, block: Block, order: int) -> None:
    if file is not None:
        with Path(file).open("ab+") as lines:  # a run that was killed may have left half a line
            lines.seek(-1 if lines.tell() else 0, os.SEEK_END)
            start = b"" if lines.read(1) in (b"", b"\n") else b"\n"
            lines.write(start + json.dumps(block._asdict() | {"order": order}).encode() + b"\n")


def summary(blocks: list[Block]) -> str:
    """The verdicts by family, as a table."""
    lines = [f"  {'family':<8} {'programs':>10} {'right':>10} {'undecided':>10} {'wrong':>7}  ms each"]
    for family in (*FAMILIES, "all"):
        mine = [b for b in blocks if family in (b.family, "all")]
        right, undecided, wrong = (sum(getattr(b, v) for b in mine) for v in (RIGHT, UNDECIDED, WRONG))
        count, seconds = len(mine) * BLOCK, sum(b.seconds for b in mine)
        each = f"{1e3 * seconds / count:7.2f}" if count else ""
        lines.append(f"  {family:<8} {count:>10,} {right:>10,} {undecided:>10,} {wrong:>7,}  {each}")
    failures = [text for block in blocks for text in block.failures]
    return "\n".join([*lines, *failures[:5]])


def teller(stream: TextIO | None = None) -> Callable[[list[Block], int], None]:
    """What tells how far a run is: one line that renews itself on a terminal, else a line a minute."""
    stream = stream or sys.stderr
    started, last, first = time.monotonic(), [0.0], [-1]

    def tell(done: list[Block], total: int) -> None:
        now = time.monotonic()
        if first[0] < 0:
            first[0] = len(done)
        terminal = stream.isatty()
        if now - last[0] < (0.2 if terminal else 60) and len(done) < total:
            return
        last[0] = now
        fresh = len(done) - first[0]
        rest = f", {(now - started) / fresh * (total - len(done)) / 60:.0f} min left" if fresh else ""
        wrong = sum(b.wrong for b in done)
        text = f"{len(done) * BLOCK:,} of {total * BLOCK:,} programs checked, {wrong} wrong{rest}"
        print(f"\r{text:<75}" if terminal else text, end="" if terminal else "\n", file=stream, flush=True)
        if terminal and len(done) == total:
            print(file=stream)

    return tell
