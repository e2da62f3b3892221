"""The checker: every wrong engine is caught and named, no right one is blamed."""

import random

import pytest

pytest.importorskip("mpmath")

import mutants

from autograd import TABLE
from autograd.checking import check
from autograd.checking.generation import FAMILIES, from_generator, generate

PROGRAMS = 60
"""Of so many random programs each wrong engine has to fail at least one."""


def programs_with(op, family, count=PROGRAMS, **options):
    """Random programs in which an operation occurs."""
    pool = [op, op, *(TABLE[name] for name in ("add", "mul", "sub", "tanh", "sin", "exp", "relu")), op]
    found = 0
    for seed in range(50 * count):
        rng = random.Random(f"{op.name} {family} {seed}")
        program = generate(from_generator(rng), family=family, operations=pool, **options)
        if any(line.op is op for line in program.lines):
            found += 1
            yield program
        if found == count:
            return


def caught(op, families):
    """The report of the first random program that shows an operation wrong."""
    for family in families:
        for program in programs_with(op, family, max_operations=6):
            report = check(program.record()[0], order=1)
            if report.verdict == "wrong":
                return report
    return None


@pytest.mark.parametrize("op", mutants.FORMULAS + mutants.SMALL, ids=lambda op: f"{op.name} {op.partials}")
def test_a_wrong_formula_is_caught_and_named_by_a_program_of_one_operation(op):
    report = caught(op, ["tame", "wide"])
    assert report is not None
    assert report.guilty.place.op is op
    assert [line.op for line in report.smallest.lines] == [op]
    assert op.name in report.failure()


@pytest.mark.parametrize("op", mutants.POINTS, ids=lambda op: f"{op.name} {op.partials}")
def test_a_rule_wrong_only_at_a_special_point_is_caught_there(op):
    report = caught(op, ["kinks"])
    assert report is not None
    assert report.guilty.place.op is op


@pytest.mark.parametrize("backward", mutants.ACCUMULATIONS, ids=lambda f: f.__name__)
def test_a_wrong_accumulation_is_caught(backward, monkeypatch):
    monkeypatch.setattr("autograd.value.backward", backward)
    failed = [report for report in reports("tame", 60) if report.verdict == "wrong"]
    assert failed
    report = failed[0]
    assert report.guilty.question in ("accumulation", "protocol")
    assert len(report.smallest.lines) <= 3


def reports(family, count, order=1):
    for seed in range(count):
        program = generate(from_generator(random.Random(f"{family}{seed}")), family=family)
        yield check(program.record()[0], order)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_right_engine_is_never_blamed(family):
    wrong = [report for report in reports(family, 400) if report.verdict == "wrong"]
    assert wrong == []


@pytest.mark.parametrize("family", ["tame", "kinks"])
def test_the_right_engine_is_never_blamed_for_second_derivatives(family):
    wrong = [report for report in reports(family, 40, order=2) if report.verdict == "wrong"]
    assert wrong == []
