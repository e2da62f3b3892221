"""The report of a check: its verdict, its evidence as a table, and a failure that names the guilty."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from ..formulas import formula, history, names_of, partial_formula
from ..ops.table import TABLE
from ..terminal import cut, derivative_sign
from .cases.program import Program
from .evidence.findings import RIGHT, UNDECIDED, WRONG, Finding
from .questions.opaque import BY_DIFFERENCES, IN_DIGITS

BROKEN = {
    "value": "an operation's value is wrong",
    "local": "a partial is not the derivative of its operation",
    "accumulation": "a grad is not the sum of what its consumers send",
    "protocol": "backward() breaks a promise",
    "record": "the record is not the function",
    "order 2": "a second derivative is wrong",
    "order 3": "a third derivative is wrong",
}
QUESTIONS = {
    "value": "each operation's value",
    "local": "each partial is the derivative of its operation",
    "accumulation": "each grad is the sum of what its consumers send",
    "end to end": "the gradient is the derivative of the program",
    "protocol": "backward() keeps its promises",
    "record": "the record is the function",
    "order 2": "second derivatives",
    "order 3": "third derivatives",
}


class GradientError(AssertionError):
    """A gradient is wrong; the text says which, by how much, and which operation is guilty."""


class Report:
    """What a check has found: `verdict` is "right", "wrong" or "undecided"; its text is the evidence."""

    def __init__(self, findings: list[Finding], names: Any = None, title: str = "") -> None:
        self.findings = findings
        self.names = names or {}
        self.title = title
        self.program: Program | None = None
        """The program that was checked, where the check recorded one."""
        self.smallest: Program | None = None
        """The smallest program that shows what is wrong."""
        self.shown: Finding | None = None
        """What is wrong in the smallest program."""
        self.picture: Path | None = None

    @property
    def verdict(self) -> str:
        """ "wrong" if anything is; else "undecided" if anything could not be decided; else "right"."""
        found = {finding.verdict for finding in self.findings}
        return WRONG if WRONG in found else UNDECIDED if UNDECIDED in found else RIGHT

    @property
    def right(self) -> bool:
        """Whether everything that was asked could be decided, and is right."""
        return self.verdict == RIGHT

    @property
    def guilty(self) -> Finding | None:
        """The finding that explains the others: the most local one that is wrong."""
        wrong: dict[str, Finding] = {}
        for finding in self.findings:
            if finding.verdict == WRONG:
                wrong.setdefault(finding.question, finding)
        for question in (
            "record",
            "value",
            "local",
            "accumulation",
            "protocol",
            "order 2",
            "order 3",
            "end to end",
        ):
            if question in wrong:
                return wrong[question]
        return None

    @property
    def reasons(self) -> list[str]:
        """Why what is undecided could not be decided."""
        return list(dict.fromkeys(f.why for f in self.findings if f.verdict == UNDECIDED and f.why))

    def raise_if_wrong(self) -> Report:
        """The report itself, or a GradientError with the failure's text."""
        if self.verdict == WRONG:
            raise GradientError(self.failure())
        return self

    def __repr__(self) -> str:
        lines = [self.title] if self.title else []
        lines += self._gradients()
        counts = Counter((f.question, f.verdict) for f in self.findings)
        for question, meaning in QUESTIONS.items():
            told = [f"{counts[question, v]:,} {v}" for v in (RIGHT, WRONG, UNDECIDED) if counts[question, v]]
            if told and not (question == "value" and not counts[question, WRONG]):
                lines.append(f"  {question:<12}  {meaning}: {', '.join(told)}")
        evidence = dict.fromkeys(f.why for f in self.findings if f.why.startswith((IN_DIGITS, BY_DIFFERENCES)))
        if evidence:
            lines.append(f"  {'evidence':<12}  {'; '.join(list(evidence)[:3])}")
        if self.verdict == WRONG:
            return "\n".join([*lines, self.failure()])
        lines.append(f"  verdict: {self.verdict}{self._because()}")
        return "\n".join(lines)

    def _because(self) -> str:
        reasons = self.reasons if self.verdict == UNDECIDED else []
        kinks = [f.why for f in self.findings if f.verdict == RIGHT and "a kink, between" in f.why]
        if reasons:
            return f": {'; '.join(reasons[:3])}"
        return f" ({kinks[0]})" if kinks else ""

    def _gradients(self, most: int = 20) -> list[str]:
        rows = [f for f in self.findings if f.question == "end to end"]
        if not rows:
            return []
        width = max(5, *(len(self.name(row.place)) for row in rows[:most]))
        lines = [f"  {'input':<{width}}  {'gradient':>15}  {'truth':>15}  difference  verdict"]
        for row in rows[:most]:
            truth = "-" if row.truth is None else f"{row.truth:+.9g}"
            same = row.found == row.truth  # two infinities too
            miss = "-" if row.truth is None else f"{0 if same else abs(row.found - row.truth):.1e}"
            name = f"{self.name(row.place):<{width}}"
            lines.append(f"  {name}  {row.found:>+15.9g}  {truth:>15}  {miss:>10}  {row.verdict}")
        if len(rows) > most:
            lines.append(f"  ... {len(rows) - most:,} more")
        return lines

    def name(self, place: Any) -> str:
        """A node, leaf or direction in words."""
        return cut(str(self.names.get(place, place) if place.__class__ is not str else place), 20)

    def failure(self) -> str:
        """What is wrong, by how much, who is guilty, and the smallest program that shows it."""
        guilty = self.guilty
        if guilty is None:
            return ""
        lines = [f"GradientError: {self._headline(guilty)}"]
        if self.program is not None and len(self.program.lines) <= 12:
            lines.append(f"  f: {self.program}")
        for f in self.findings:
            if f.question in ("end to end", "order 2", "order 3") and f.verdict == WRONG:
                truth = "none" if f.truth is None else f"{f.truth:+.10g} ({self._evidence(f)})"
                lines.append(
                    f"  gradient {f.found:+.10g}   truth {truth}   float64 could explain {f.tolerance:.0e}"
                )
                break
        lines.append(f"  guilty: {self._accusation(guilty)}")
        if self.smallest is not None:
            lines.append(f"  smallest program that shows it: {self.smallest}")
            lines += [f"    {line}" for line in self.smallest.code().splitlines()]
        if self.picture is not None:
            lines.append(f"  picture: {self.picture}")
        return "\n".join(lines)

    @staticmethod
    def _evidence(finding: Finding) -> str:
        return "high precision" if finding.why in ("", IN_DIGITS) else finding.why

    def caption(self) -> str:
        """What is wrong in one line, for the picture of the smallest program."""
        guilty = self.guilty
        if guilty is None:
            return ""
        shown = self.shown
        if shown is None or shown.question != "local" or shown.truth is None:
            return f"wrong: {BROKEN.get(guilty.question, 'the gradient')}"
        op = shown.place.op.name
        return f"{op} is wrong: its local derivative here is {shown.found:.6g}, the true one {shown.truth:.6g}"

    def _headline(self, guilty: Finding) -> str:
        wrong = next((f for f in self.findings if f.question == "end to end" and f.verdict == WRONG), None)
        at = f" at {guilty.place.op.name}" if getattr(guilty.place, "op", None) else ""
        if wrong is not None:
            cause = f": {BROKEN['record']}" if guilty.question == "record" else at
            return f"the derivative towards {self.name(wrong.place)} is wrong{cause}"
        return f"{BROKEN[guilty.question]}{at}"

    def _accusation(self, guilty: Finding) -> str:
        node = guilty.place
        if guilty.question == "local":
            return _wrong_partial(node, guilty)
        if guilty.question == "value":
            return (
                f"{node.op.name}, which gave {guilty.found!r} where its value is {guilty.truth!r} "
                "(or an operand's data was overwritten since)"
            )
        if guilty.question == "accumulation":
            name = self.name(node)
            return f"the backward pass: {name}.grad is {guilty.found:+.6g}, but {guilty.why}"
        if guilty.question == "protocol":
            return (
                f"the backward pass: {guilty.why}; {self.name(node)}.grad is {guilty.found:+.6g} and should be "
                f"{guilty.truth:+.6g}"
            )
        if guilty.question == "end to end" and self.program is None:
            return f"the gradient that was given; the evidence is {guilty.why or 'high precision'}"
        return guilty.why or f"{guilty.question}: found {guilty.found:+.10g}, truth {guilty.truth}"


def _wrong_partial(node: Any, guilty: Finding) -> str:
    """A node's partial beside what it should be, with the rules where they are known."""
    op, names = node.op, names_of([item for item in node.operands if item.__class__ is not float])
    words = {k: names.get(item, f"{item:g}") if item.__class__ is not float else f"{item:g}"
             for k, item in enumerate(node.operands)}  # fmt: skip
    rule = partial_formula(node, guilty.position, words, "out") if not op.functions else "its own function"
    known = TABLE.get(op.name)
    right = ""
    if known is not None and known is not op and known.operands == op.operands:
        correct = known.partial_of(guilty.position, len(node.operands))
        right = f" = {correct}"
    rule = "" if _is_number(rule) else f"{rule} = "
    sign = derivative_sign()
    accusation = f"{op.name}, the partial {sign}out/{sign}{words[guilty.position]} = {rule}{guilty.found:+.10g}"
    if guilty.why or guilty.truth is None:
        return f"{accusation}, at {guilty.why or 'a point without a derivative'}"
    return f"{accusation} where the derivative is {guilty.truth:+.10g}{right}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def described(node: Any, names: Any) -> str:
    """A node as its name and formula."""
    return f"{names[node]} = {formula(node, names)}" if node.op else history(node)
