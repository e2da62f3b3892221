"""The long run over random programs is resumed where it stopped, and finds wrong operations."""

import json
import random
import re

import pytest

pytest.importorskip("mpmath")

from autograd import TABLE
from tests import mutants
from tests.checking import million
from tests.checking.million import BLOCK, FAMILIES, Block, check_block, prove, summary


def test_a_long_run_is_resumed_where_it_stopped(tmp_path):
    file, done = tmp_path / "blocks.jsonl", []

    def counting(function, tasks):
        for task in tasks:
            done.append(task)
            yield Block(*task[:2], BLOCK - 1, 1, 0, 0.5, [])

    prove(3 * BLOCK * len(FAMILIES), file=file, run=counting)
    assert len(done) == 3 * len(FAMILIES)
    lines = file.read_text("utf-8").splitlines()
    file.write_text("\n".join(lines[:-1]) + "\n" + lines[-1][:20], encoding="utf-8")  # killed while writing
    done.clear()
    blocks = prove(3 * BLOCK * len(FAMILIES), file=file, run=counting)
    assert len(done) == 1
    assert len(blocks) == 3 * len(FAMILIES)
    assert len(
        [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.endswith("}")]
    ) == 3 * len(FAMILIES)
    assert f"{3 * len(FAMILIES) * BLOCK:,}" in summary(blocks)


def test_a_block_finds_wrong_operations_and_reports_their_programs(monkeypatch):
    from autograd.checking.cases import generation

    exp = next(op for op in mutants.SMALL if op.name == "exp")
    monkeypatch.setattr(generation, "_pool", lambda family: [exp, TABLE["add"], TABLE["mul"]])
    monkeypatch.setattr("tests.checking.million.BLOCK", 20)
    block = check_block(("tame", 0, 1))
    assert block.wrong > 0
    assert "exp, the partial" in block.failures[0]


def test_the_command_checks_programs_and_prints_a_row_for_each_family(monkeypatch, capsys):
    monkeypatch.setattr(million, "BLOCK", 5)
    monkeypatch.setattr(million, "_on_cores", lambda processes: map)
    assert million.main(["--programs", "20"]) == 0
    assert re.search(rf"all +{5 * len(FAMILIES)} .* 0  ", capsys.readouterr().out)


@pytest.mark.parametrize("family", million.COMPARED)
def test_the_engine_and_compiled_code_agree_on_random_programs(family, monkeypatch):
    monkeypatch.setattr(million, "BLOCK", 40 if family == "sums" else 150)
    block = check_block((family, 0, 1))
    assert block.failures == []
    assert block.right > 0.95 * million.BLOCK


def test_random_programs_are_compiled_in_both_tiers_for_single_points_and_for_batches(monkeypatch):
    kernel = pytest.importorskip("autograd.compiling.run.kernel")
    compiled = set()
    monkeypatch.setattr(million, "BLOCK", 45)
    monkeypatch.setattr(kernel.Kernel, "workspace", lambda self: compiled.add(described(self)) or made(self))
    made = kernel.Workspace

    def described(self):
        return "tape" if self.tape is not None else "straight-line", self.layout.rows

    assert check_block(("masks", 0, 1)).wrong == 0
    assert {("tape", True), ("tape", False), ("straight-line", True)} <= compiled


@pytest.mark.slow
def test_every_planted_difference_of_compiled_code_is_found(monkeypatch):
    """Reintroduce past bugs: each family of programs finds its own."""
    from autograd.compiling.expressions import derivatives, detect_loops
    from autograd.compiling.trace import captures

    monkeypatch.setattr(million, "BLOCK", 150)
    with monkeypatch.context() as broken:
        unchecked = property(lambda self: [], lambda self, checks: None)
        broken.setattr(captures.Captures, "checks", unchecked, raising=False)  # no change is noticed
        assert check_block(("state", 0, 1)).wrong > 0
    with monkeypatch.context() as broken:
        broken.setattr(derivatives.Flow, "only_where", lambda self, condition: self)
        assert check_block(("masks", 0, 1)).wrong > 0
    with monkeypatch.context() as broken:
        broken.setattr(detect_loops.Rolled, "columns", 1)  # a loop over nothing runs once
        assert check_block(("sums", 0, 1)).wrong > 0


@pytest.mark.parametrize("count", ["0", "-5", "1000000000000000000000000000000", "many", "1.5"])
def test_an_invalid_count_of_programs_is_refused(count, capsys):
    with pytest.raises(SystemExit):
        million.main(["--programs", count])
    assert "from 1 to 1,000,000,000" in capsys.readouterr().err
    if count.lstrip("-").isdigit():
        with pytest.raises(ValueError, match="from 1 to"):
            prove(int(count))


@pytest.mark.parametrize("number", [2430, 3466, 6819, 15525])
def test_sums_that_overflow_or_cancel_are_not_a_difference(number):
    """Sums of exp(exp(x)), of saturated tanh, of infinite slopes that cancel."""
    differential = pytest.importorskip("tests.checking.differential")
    rng = random.Random(f"sums {number}")
    made = differential.program(rng, "sums")
    assert differential.verdict(made, rng, "sums")[0] in ("right", "undecided")  # as they round here
