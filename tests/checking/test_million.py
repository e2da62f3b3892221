"""The long run over random programs: resumed where it was, and it finds what is wrong."""

import json
import re

import pytest

pytest.importorskip("mpmath")

from autograd import TABLE
from autograd.checking.cases.generation import FAMILIES
from tests import mutants
from tests.checking import million
from tests.checking.million import BLOCK, Block, check_block, prove, summary


def test_a_long_run_is_resumed_where_it_was(tmp_path):
    file, done = tmp_path / "blocks.jsonl", []

    def counting(function, tasks):
        for task in tasks:
            done.append(task)
            yield Block(*task[:2], BLOCK - 1, 1, 0, 0.5, [])

    prove(3 * BLOCK * len(FAMILIES), file=file, run=counting)
    assert len(done) == 12
    lines = file.read_text("utf-8").splitlines()
    file.write_text("\n".join(lines[:-1]) + "\n" + lines[-1][:20], encoding="utf-8")  # killed while writing
    done.clear()
    blocks = prove(3 * BLOCK * len(FAMILIES), file=file, run=counting)
    assert len(done) == 1
    assert len(blocks) == 12
    assert len([json.loads(line) for line in file.read_text("utf-8").splitlines() if line.endswith("}")]) == 12
    assert f"{12 * BLOCK:,}" in summary(blocks)


def test_a_block_finds_wrong_operations_and_tells_their_programs(monkeypatch):
    from autograd.checking.cases import generation

    exp = next(op for op in mutants.SMALL if op.name == "exp")
    monkeypatch.setattr(generation, "_pool", lambda family: [exp, TABLE["add"], TABLE["mul"]])
    monkeypatch.setattr("tests.checking.million.BLOCK", 20)
    block = check_block(("tame", 0, 1))
    assert block.wrong > 0
    assert "exp, the partial" in block.failures[0]


def test_the_command_checks_programs_and_tells_of_each_family(monkeypatch, capsys):
    monkeypatch.setattr(million, "BLOCK", 5)
    monkeypatch.setattr(million, "_on_cores", lambda processes: map)
    assert million.main(["--programs", "20"]) == 0
    assert re.search(r"all +20 .* 0  ", capsys.readouterr().out)
