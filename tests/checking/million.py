"""Check the engine on random programs by the million, on all cores; an interrupted run is resumed.

`python -m tests.checking.million --programs 1000000 --file blocks.jsonl`
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from autograd.checking.cases import generation
from autograd.checking.cases.generation import from_generator, generate
from autograd.checking.checker import check
from autograd.checking.evidence.findings import RIGHT, UNDECIDED, WRONG
from autograd.files import append_line, read_whole
from autograd.terminal import progress_bar, quoted

try:
    from . import differential
except ImportError:  # without the extra `compile`
    COMPARED: tuple[str, ...] = ()
else:
    COMPARED = differential.FAMILIES

FAMILIES = (*generation.FAMILIES, *COMPARED)
"""The families that the checker judges, and those in which engine and compiled code are compared."""
BLOCK = 500
"""Number of programs that one task checks."""

MOST = 10**9
"""Maximum number of programs of a run, which take weeks on a large cluster."""


class Block(NamedTuple):
    """The result of one task: the number of verdicts of each kind, and the wrong programs."""

    family: str
    number: int
    right: int
    undecided: int
    wrong: int
    seconds: float
    failures: list[str]


def check_block(task: tuple[str, int, int]) -> Block:
    """Check the programs of one block: its family, its number and their order of derivatives.

    The programs depend on nothing else, so that every machine has the same results.

    >>> block = check_block(("tame", 0, 1))
    >>> block.right + block.undecided, block.failures
    (500, [])
    """
    family, number, order = task
    started = time.perf_counter()
    counts, failures = {RIGHT: 0, UNDECIDED: 0, WRONG: 0}, []
    for k in range(number * BLOCK, (number + 1) * BLOCK):
        verdict, failure = _judged(random.Random(f"{family} {k}"), family, order, k)
        counts[verdict] += 1
        if verdict == WRONG:
            failures.append(failure)
    took = time.perf_counter() - started
    return Block(family, number, counts[RIGHT], counts[UNDECIDED], counts[WRONG], round(took, 3), failures)


def _judged(rng: random.Random, family: str, order: int, k: int) -> tuple[str, str]:
    """Return the verdict on one program, and its failure."""
    if family in COMPARED:
        program = differential.program(rng, family)
        return differential.verdict(program, rng, family, straight=k % differential.STRAIGHT == 0)
    report = check(generate(from_generator(rng), family=family).record()[0], order)
    return report.verdict, report.failure() if report.verdict == WRONG else ""


def prove(
    programs: int,
    order: int = 1,
    file: str | Path | None = None,
    processes: int | None = None,
    report: Callable[[int, str], object] = lambda done, words: None,
    run: Callable[[Callable[..., Block], Iterable[Any]], Iterable[Block]] | None = None,
    families: Sequence[str] = FAMILIES,
) -> list[Block]:
    """Check a number of random programs, equally many of each family, and return the blocks.

    Each finished block is appended to `file` as a line; blocks that it contains are not checked again.
    `run` maps a function over tasks, by default on this machine's cores.
    """
    count = -(-programs // (BLOCK * len(families)))
    if not 1 <= programs <= MOST:
        raise ValueError(f"programs must be from 1 to {MOST:,}, got {quoted(programs)}")
    tasks = [(family, number, order) for number in range(count) for family in families]
    done = _kept(file, order)
    finished = [done[task] for task in tasks if task in done]
    report(len(finished), "")
    left = [task for task in tasks if task not in done]
    for block in (run or _on_cores(processes))(check_block, left):
        finished.append(block)
        _keep(file, block, order)
        report(len(finished), f"{sum(each.wrong for each in finished)} wrong")
    return finished


def _on_cores(processes: int | None) -> Callable[[Callable[..., Block], Iterable[Any]], Iterator[Block]]:
    def run(function: Callable[..., Block], tasks: Iterable[Any]) -> Iterator[Block]:
        cores = os.cpu_count() or 1
        with get_context("spawn").Pool(max(1, min(processes or cores, 4 * cores))) as pool:
            yield from pool.imap_unordered(function, tasks)

    return run


def _kept(file: str | Path | None, order: int) -> dict[tuple[str, int, int], Block]:
    """Return the blocks of an earlier run; a truncated line is ignored."""
    found: dict[tuple[str, int, int], Block] = {}
    if file is not None and Path(file).exists():
        for line in read_whole(file).splitlines():
            with suppress(ValueError, KeyError, TypeError, RecursionError):
                fields = json.loads(line)
                block = Block(**{name: fields[name] for name in Block._fields})
                if _whole(block):
                    found[block.family, block.number, fields["order"]] = block
    return {task: block for task, block in found.items() if task[2] == order}


def _whole(block: Block) -> bool:
    """Return whether the fields of a block that was read have the right types."""
    counts = (block.right, block.undecided, block.wrong)
    numbers = all(type(x) is int and x >= 0 for x in counts) and isinstance(block.seconds, int | float)
    words = isinstance(block.failures, list) and all(isinstance(text, str) for text in block.failures)
    return numbers and words and sum(counts) == BLOCK


def _keep(file: str | Path | None, block: Block, order: int) -> None:
    if file is not None:
        append_line(file, json.dumps(block._asdict() | {"order": order}).encode())


def summary(blocks: list[Block]) -> str:
    """Return the verdicts by family as a table."""
    lines = [f"  {'family':<8} {'programs':>10} {'right':>10} {'undecided':>10} {'wrong':>7}  ms each"]
    for family in (*FAMILIES, "all"):
        mine = [b for b in blocks if family in (b.family, "all")]
        right, undecided, wrong = (sum(getattr(b, v) for b in mine) for v in (RIGHT, UNDECIDED, WRONG))
        count, seconds = len(mine) * BLOCK, sum(b.seconds for b in mine)
        each = f"{1e3 * seconds / count:7.2f}" if count else ""
        lines.append(f"  {family:<8} {count:>10,} {right:>10,} {undecided:>10,} {wrong:>7,}  {each}")
    failures = [text for block in blocks for text in block.failures]
    return "\n".join([*lines, *failures[:5]])


def _count(most: int) -> Callable[[str], int]:
    """Return a reader of an option that is a number from 1 to `most`."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = 0
        if not 1 <= number <= most:
            raise argparse.ArgumentTypeError(f"must be a number from 1 to {most:,}, got {quoted(text)}")
        return number

    return read


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return 1 if a program was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.checking.million", description=__doc__)
    parser.add_argument("--programs", type=_count(MOST), default=20_000, help="how many in all (20,000)")
    parser.add_argument("--order", type=int, default=1, choices=[1, 2, 3], help="of derivatives (1)")
    parser.add_argument(
        "--families", nargs="+", choices=FAMILIES, default=FAMILIES, help="of programs (all)", metavar="FAMILY"
    )
    parser.add_argument("--file", help="keep finished blocks here, and do not do them again")
    parser.add_argument("--processes", type=_count(1024), help="how many cores to use (all)")
    parser.add_argument(
        "--cluster", help="check on the workers of a Dask scheduler, such as tcp://10.0.0.1:8786"
    )
    options = parser.parse_args(arguments)
    with ExitStack() as stack:
        run = None
        if options.cluster is not None:
            from autograd import cluster

            run = cluster.run_on(stack.enter_context(cluster.connect(options.cluster)))
        report = stack.enter_context(progress_bar(-(-options.programs // BLOCK), "checking"))
        blocks = prove(
            options.programs, options.order, options.file, options.processes, report, run, options.families
        )
    print(summary(blocks))
    return 1 if any(block.wrong for block in blocks) else 0


if __name__ == "__main__":
    sys.exit(main())
