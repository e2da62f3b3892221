"""The report of a check: the verdict, the evidence as a table, and the cause of a failure."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..files import write_atomically
from ..formulas import names_of, partial_formula
from ..ops.table import TABLE
from ..terminal import cut, derivative_sign, quoted, show
from .cases.program import Program
from .evidence.findings import RIGHT, UNDECIDED, WRONG, Finding
from .paste import pasted
from .patterns import Part, patterns
from .questions.opaque import BY_DIFFERENCES, IN_HIGH_PRECISION

BROKEN = {
    "determinism": "the function is not deterministic",
    "value": "an operation's value is wrong",
    "local": "a partial is not the derivative of its operation",
    "accumulation": "a grad is not the sum of the contributions to it",
    "protocol": "repeated calls of backward() are not consistent",
    "record": "the recorded graph differs from the function",
    "order 2": "a second derivative is wrong",
    "order 3": "a third derivative is wrong",
}
QUESTIONS = {
    "value": "each operation's value",
    "local": "each partial is the derivative of its operation",
    "accumulation": "each grad is the sum of the contributions to it",
    "end to end": "the gradient is the derivative of the program",
    "determinism": "a second call returns the same result",
    "protocol": "repeated calls of backward() are consistent",
    "record": "the recorded graph agrees with the function",
    "order 2": "second derivatives",
    "order 3": "third derivatives",
}


ROWS = 20
"""Maximum number of inputs that a report lists."""


class GradientError(AssertionError):
    """Raised for a wrong or undecided gradient; the message names the inputs, the error and its cause."""


class Report:
    """The result of a check: `verdict` is "right", "wrong" or "undecided"; its repr shows the evidence.

    >>> from autograd import exp
    >>> from autograd.checking import check_gradients
    >>> report = check_gradients(exp, 0.5)
    >>> report.verdict, report.right, report.cause
    ('right', True, None)
    """

    def __init__(self, findings: list[Finding], names: Any = None, title: str = "") -> None:
        self.findings = findings
        self.names: dict[Any, str] = names or {}
        self.title: str = title
        self.program: Program | None = None
        """The checked graph as a program, if it was recorded and is small."""
        self.smallest: Program | None = None
        """The smallest program that is wrong for the same cause."""
        self.shown: Finding | None = None
        """The wrong finding in the smallest program."""
        self.picture: Path | None = None
        """The path of the saved picture of the smallest program."""
        self.undefined = False
        """Whether the point was skipped because the function has no value there."""
        self.name_of_f: str = "f"
        self.pasted: str = ""
        """A line of code that repeats this check."""
        self.results = ""
        """The number that is differentiated, if the function returns several."""
        self.library = ""
        self.projected = ""
        self._all_names: list[str] = []
        self._slots: list[tuple[str, tuple[int, ...], int]] = []

    @classmethod
    def skipped(cls, why: str) -> Report:
        """Return the report of a skipped point, at which the function is not defined."""
        report = cls([Finding("end to end", "", UNDECIDED, 0.0, None, why=f"f is not defined here: {why}")])
        report.undefined = True
        return report

    @classmethod
    def joined(cls, reports: list[Report]) -> Report:
        """Join the reports on several results of a function into one, a wrong one first."""
        first = min(reports, key=lambda report: report.verdict != WRONG)
        for report in reports:
            if report is not first:
                first.findings += [
                    finding._replace(place=report.name(finding.place)) for finding in report.findings
                ]
        first.projected = first.results
        first.results = first.results if first.verdict == WRONG else ""
        return first

    def about(self, f: Any, point: Any, options: Mapping[str, Any]) -> None:
        """Store what messages say about the function and its arguments."""
        name = getattr(f, "__name__", type(f).__name__)
        self.name_of_f = "f" if name == "<lambda>" else name
        if point.slots:
            self.title = f"{self.name_of_f} at {point.where()}"
        self._slots = [(s.name, tuple(getattr(s.given, "shape", (s.size,))), s.size) for s in point.slots]
        self._all_names = point.names
        self.pasted = pasted(f, point, options)

    @property
    def verdict(self) -> str:
        """The verdict: "wrong" if any finding is, else "undecided" if any is, else "right"."""
        found = {finding.verdict for finding in self.findings}
        return WRONG if WRONG in found else UNDECIDED if UNDECIDED in found else RIGHT

    @property
    def right(self) -> bool:
        """Whether all findings are right."""
        return self.verdict == RIGHT

    @property
    def cause(self) -> Finding | None:
        """The most local wrong finding, which explains the others; None if none is wrong."""
        wrong: dict[str, Finding] = {}
        for finding in self.findings:
            if finding.verdict == WRONG:
                wrong.setdefault(finding.question, finding)
        for question in (
            "determinism",
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
        """The reasons for undecided findings."""
        return list(dict.fromkeys(f.why for f in self.findings if f.verdict == UNDECIDED and f.why))

    @property
    def error(self) -> float:
        """An upper bound, from the evidence, of the relative error of the gradients found right."""
        rows = [
            f
            for f in self.findings
            if f.question == "end to end" and f.verdict == RIGHT and "a kink" not in f.why
        ]
        return max((f.bound for f in rows), default=0.0)

    def raise_if_wrong(self, undecided: bool = True) -> Report:
        """Return the report, or raise GradientError if the verdict is "wrong".

        An "undecided" verdict raises it too if `undecided=False`.
        """
        if self.verdict == WRONG:
            raise GradientError(self.failure())
        if self.verdict == UNDECIDED and not undecided:
            raise GradientError(self._undecided())
        return self

    def _undecided(self) -> str:
        open_ = [f for f in self.findings if f.verdict == UNDECIDED and f.question == "end to end"]
        names = ", ".join(self.name(f.place) for f in open_[:6]) + (" ..." if len(open_) > 6 else "")
        inputs = f" with respect to {names}" if open_ else ""
        return "\n".join(
            [
                f"undecided: the derivative of {self.name_of_f}{inputs} cannot be verified at this point",
                *(f"  {reason}" for reason in self.reasons[:3]),
                *self._gradients(),
                '  an undecided verdict is an error; to allow it, pass undecided="allow"',
                *([f"  reproduce: {self.pasted}"] if self.pasted else []),
            ]
        )

    def __repr__(self) -> str:
        lines = [self.title] if self.title else []
        lines += self._gradients()
        lines += self.evidence_lines()
        if self.verdict == WRONG:
            return "\n".join([*lines, f"  verdict: {WRONG}: {self.failure(table=False)}"])
        lines.append(f"  verdict: {self.verdict}{self._because()}")
        return "\n".join(lines)

    def evidence_lines(self) -> list[str]:
        """Return a line for each question, with the number of findings by verdict, and for each evidence."""
        lines = []
        counts = Counter((f.question, f.verdict) for f in self.findings)
        for question, meaning in QUESTIONS.items():
            each = [f"{counts[question, v]:,} {v}" for v in (RIGHT, WRONG, UNDECIDED) if counts[question, v]]
            if each and not (question == "value" and not counts[question, WRONG]):
                lines.append(f"  {question:<12}  {meaning}: {', '.join(each)}")
        return lines + [f"  {'evidence':<12}  {words}" for words in self._evidences()]

    def html(self) -> str:
        """Return the report as an HTML page: found and expected numbers, the graph and its wrong edge."""
        from .report_page import page

        return page(self)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Save the report as an HTML page and return the path.

        Raises ValueError if the path does not end in .html or .htm, OSError if it cannot be written.
        """
        target = Path(path)
        if target.suffix.lower() not in (".html", ".htm"):
            raise ValueError(f"path must end in .html, got {quoted(str(target))}")
        return write_atomically(target, self.html().encode())

    def show(self) -> None:
        """Show the report as a page: below the cell in a notebook, else in the browser."""
        show(self, self.save, "report.html")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from ..drawing.inline import Player

        return Player(self.html(), repr(self), 560)._repr_mimebundle_()

    def _evidences(self) -> list[str]:
        """Return descriptions of the evidence: which method was used for how many inputs."""
        rows = [f for f in self.findings if f.question == "end to end"]
        alone = [f for f in rows if not _of_many(f)]
        inputs = sum(count for _, _, count in self._slots)
        found = []
        for words in (IN_HIGH_PRECISION, BY_DIFFERENCES):
            those = [f for f in alone if f.why.startswith(words)]
            if those:
                errors = [f.tolerance for f in those if f.truth]
                certain = (
                    f", with an error of at most {max(errors):.0e}"
                    if errors and words == BY_DIFFERENCES
                    else ""
                )
                each = {f.place for f in those}
                among = f" for {len(each):,} of {inputs:,} inputs, one by one" if inputs > len(each) else ""
                found.append(f"{words}{certain}{among}")
        directions = [f for f in rows if "a random direction in" in f.why]
        if directions:
            found.append(f"all {inputs:,} inputs together, along {len(directions)} random directions")
        projected = any("with random weights" in (r or "") for r in (self.results, self.projected))
        if projected:
            found.append("products of random vectors with the Jacobian, not each of its numbers")
        if self.library:
            found.append(f"the gradient is computed by {self.library}")
        return found

    def _because(self) -> str:
        reasons = self.reasons if self.verdict == UNDECIDED else []
        kinks = [f.why for f in self.findings if f.verdict == RIGHT and "a kink, between" in f.why]
        if reasons:
            return f": {'; '.join(reasons[:3])}"
        if kinks:
            return f" ({kinks[0]})"
        return f" (relative error at most {self.error:.0e})" if self.error else ""

    def _gradients(self, most: int = ROWS) -> list[str]:
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
        """Return the name of a node, leaf or direction."""
        return cut(str(self.names.get(place, place) if place.__class__ is not str else place), 20)

    def failure(self, table: bool = True) -> str:
        """Return the message of a failure: the wrong numbers, the cause, and the smallest program."""
        cause = self.cause
        if cause is None:
            return ""
        lines = [self._headline(cause)]
        if self.title and table:
            lines.append(f"  {self.title}{f': {self.results}' if self.results else ''}")
        if self.program is not None and 1 < len(self.program.lines) <= 12:
            lines.append(f"  f: {self.program}")
        lines += self._wrong_numbers() if table else [f"  {words}" for words in patterns(self.parts())]
        if cause.question == "end to end" and self.program is None:
            lines.append(f"  evidence: {cause.why or IN_HIGH_PRECISION}")
        else:
            lines.append(f"  cause: {self._cause(cause)}")
        if self.smallest is not None:
            lines.append(f"  smallest program that shows it: {self.smallest}")
            lines += [f"    {line}" for line in self.smallest.code().splitlines()]
        if self.picture is not None:
            lines.append(f"  picture: {self.picture}")
        if self.pasted:
            lines.append(f"  reproduce: {self.pasted}")
        return "\n".join(lines)

    def _wrong_numbers(self) -> list[str]:
        """Return a table of the wrong numbers, found and expected, and the pattern of their errors."""
        questions = ("end to end", "order 2", "order 3")
        wrong = [f for f in self.findings if f.question in questions and f.verdict == WRONG]
        inputs = [f for f in wrong if f.question == "end to end" and not _of_many(f)] or wrong
        lines = [f"  {words}" for words in patterns(self.parts())]
        if not inputs:
            return lines
        names = [self.name(f.place) for f in inputs[:ROWS]]
        width = max(5, *map(len, names))
        lines.append(f"  {'':<{width}}  {'found':>16}  {'expected':>16}  {'difference':>10}")
        for name, f in zip(names, inputs[:ROWS], strict=True):
            expected = "none" if f.truth is None else f"{f.truth:+.10g}"
            miss = "-" if f.truth is None else f"{abs(f.found - f.truth):.1e}"
            rounding = f"   rounding explains {f.tolerance:.0e}" if f is inputs[0] and f.tolerance else ""
            lines.append(f"  {name:<{width}}  {f.found:>+16.10g}  {expected:>16}  {miss:>10}{rounding}")
        if len(inputs) > ROWS:
            lines.append(f"  ... and {len(inputs) - ROWS:,} more")
        return lines

    def parts(self) -> list[Part]:
        """Return the found and the expected gradient of each argument for which all numbers are known."""
        rows = {self._key(f.place): f for f in reversed(self.findings) if f.question == "end to end"}
        names = list(self._all_names)
        parts, start = [], 0
        for name, shape, count in self._slots:
            each = [rows.get(word) for word in names[start : start + count]]
            start += count
            known = [f for f in each if f is not None and f.truth is not None]
            if known and len(known) == count:
                found, truth = [f.found for f in known], [float(f.truth or 0) for f in known]
                parts.append(Part(name, shape, found, truth, [f.verdict == WRONG for f in known]))
        return parts

    def _key(self, place: Any) -> str:
        return str(self.names.get(place, place) if place.__class__ is not str else place)

    def caption(self) -> str:
        """Return the cause in one line, for the picture of the smallest program."""
        cause = self.cause
        if cause is None:
            return ""
        shown = self.shown
        if shown is None or shown.question != "local" or shown.truth is None:
            return f"wrong: {BROKEN.get(cause.question, 'the gradient')}"
        op = shown.place.op.name
        return f"{op} is wrong: its local derivative is {shown.found:.6g}, expected {shown.truth:.6g}"

    def _headline(self, cause: Finding) -> str:
        wrong = next((f for f in self.findings if f.question == "end to end" and f.verdict == WRONG), None)
        at = f" at {cause.place.op.name}" if getattr(cause.place, "op", None) else ""
        if cause.question == "determinism":
            return cause.why
        if wrong is not None:
            where = f": {BROKEN['record']}" if cause.question == "record" else at
            return f"the derivative of {self.name_of_f} with respect to {self._wrong_names()} is wrong{where}"
        return f"{BROKEN[cause.question]}{at}"

    def _wrong_names(self) -> str:
        """Return the names of the wrong inputs, or of their arguments if there are many."""
        wrong = [f for f in self.findings if f.question == "end to end" and f.verdict == WRONG]
        wrong = [f for f in wrong if not _of_many(f)] or wrong
        names = list(dict.fromkeys(self.name(f.place) for f in wrong))
        if len(names) <= 3:
            return ", ".join(names)
        parts = [(part.name, sum(part.wrong), len(part.wrong)) for part in self.parts() if any(part.wrong)]
        if parts:
            return ", ".join(f"{name} (at {bad:,} of {count:,} numbers)" for name, bad, count in parts)
        return f"{', '.join(names[:3])} and {len(names) - 3:,} more"

    def _cause(self, cause: Finding) -> str:
        node = cause.place
        if cause.question == "local":
            return _wrong_partial(node, cause)
        if cause.question == "value":
            return (
                f"{node.op.name}, whose value is {cause.found!r}, expected {cause.truth!r} "
                "(unless the data of an operand was overwritten afterwards)"
            )
        if cause.question == "accumulation":
            name = self.name(node)
            return f"the backward pass: {name}.grad is {cause.found:+.6g}, but {cause.why}"
        if cause.question == "protocol":
            return (
                f"the backward pass: {cause.why}; {self.name(node)}.grad is {cause.found:+.6g}, expected "
                f"{cause.truth:+.6g}"
            )
        if cause.question == "determinism":
            return cause.why
        return cause.why or f"{cause.question}: found {cause.found:+.10g}, expected {cause.truth}"


def _of_many(finding: Finding) -> bool:
    """Return whether a finding is about several inputs that were moved together."""
    return str(finding.place).startswith("direction")


def _wrong_partial(node: Any, cause: Finding) -> str:
    """Describe a node's wrong partial and the expected one, with their rules if they are known."""
    op, names = node.op, names_of([item for item in node.operands if item.__class__ is not float])
    words = {k: names.get(item, f"{item:g}") if item.__class__ is not float else f"{item:g}"
             for k, item in enumerate(node.operands)}  # fmt: skip
    rule = partial_formula(node, cause.position, words, "out") if not op.functions else "its own function"
    known = TABLE.get(op.name)
    right = ""
    if known is not None and known is not op and known.operands == op.operands:
        correct = known.partial_of(cause.position, len(node.operands))
        right = f" = {correct}"
    rule = "" if _is_number(rule) else f"{rule} = "
    sign = derivative_sign()
    partial = f"{op.name}, the partial {sign}out/{sign}{words[cause.position]} = {rule}{cause.found:+.10g}"
    if cause.why or cause.truth is None:
        return f"{partial}, at {cause.why or 'a point without a derivative'}"
    return f"{partial}, expected {cause.truth:+.10g}{right}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
