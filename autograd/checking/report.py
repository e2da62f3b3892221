"""The report of a check: its verdict, its evidence as a table, and a failure that names the guilty."""

from __future__ import annotations

import os
import tempfile
import webbrowser
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..files import write_atomically
from ..formulas import names_of, partial_formula
from ..ops.table import TABLE
from ..terminal import cut, derivative_sign, in_notebook
from .cases.program import Program
from .evidence.findings import RIGHT, UNDECIDED, WRONG, Finding
from .paste import pasted
from .patterns import Part, patterns
from .questions.opaque import BY_DIFFERENCES, IN_DIGITS

BROKEN = {
    "chance": "the function is not deterministic",
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
    "chance": "the function gives the same again",
    "protocol": "backward() keeps its promises",
    "record": "the record is the function",
    "order 2": "second derivatives",
    "order 3": "third derivatives",
}


ROWS = 20
"""How many inputs a report lists."""


class GradientError(AssertionError):
    """A gradient is wrong, or cannot be decided; the text says which, by how much, and what is to blame."""


class Report:
    """What a check has found: `verdict` is "right", "wrong" or "undecided"; its text is the evidence."""

    def __init__(self, findings: list[Finding], names: Any = None, title: str = "") -> None:
        self.findings = findings
        self.names: dict[Any, str] = names or {}
        self.title: str = title
        self.program: Program | None = None
        """The program that was checked, where the check recorded one."""
        self.smallest: Program | None = None
        """The smallest program that shows what is wrong."""
        self.shown: Finding | None = None
        """What is wrong in the smallest program."""
        self.picture: Path | None = None
        self.undefined = False
        """Whether the function has no value at the point, which was to be skipped."""
        self.name_of_f: str = "f"
        self.pasted: str = ""
        """A line that runs this very check again."""
        self.results = ""
        """Which number is differentiated, where the function gives several."""
        self.library = ""
        self.projected = ""
        self._all_names: list[str] = []
        self._slots: list[tuple[str, tuple[int, ...], int]] = []

    @classmethod
    def outside(cls, why: str) -> Report:
        """The report at a point where the function is not defined."""
        report = cls([Finding("end to end", "", UNDECIDED, 0.0, None, why=f"f is not defined here: {why}")])
        report.undefined = True
        return report

    @classmethod
    def joined(cls, reports: list[Report]) -> Report:
        """One report of several, about several numbers that a function gives: the wrong one in front."""
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
        """Keep what the failure's text needs of the function and its arguments."""
        name = getattr(f, "__name__", type(f).__name__)
        self.name_of_f = "f" if name == "<lambda>" else name
        if point.slots:
            self.title = f"{self.name_of_f} at {point.where()}"
        self._slots = [(s.name, tuple(getattr(s.given, "shape", (s.size,))), s.size) for s in point.slots]
        self._all_names = point.names
        self.pasted = pasted(f, point, options)

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
            "chance",
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

    @property
    def error(self) -> float:
        """The largest relative error that a right gradient can have, as far as the evidence goes."""
        rows = [
            f
            for f in self.findings
            if f.question == "end to end" and f.verdict == RIGHT and "a kink" not in f.why
        ]
        return max((f.bound for f in rows), default=0.0)

    def raise_if_wrong(self, undecided: bool = True) -> Report:
        """The report itself, or a GradientError with the failure's text.

        With `undecided`, a verdict of "undecided" passes.
        """
        if self.verdict == WRONG:
            raise GradientError(self.failure())
        if self.verdict == UNDECIDED and not undecided:
            raise GradientError(self._undecided())
        return self

    def _undecided(self) -> str:
        open_ = [f for f in self.findings if f.verdict == UNDECIDED and f.question == "end to end"]
        names = ", ".join(self.name(f.place) for f in open_[:6]) + (" ..." if len(open_) > 6 else "")
        towards = f" with respect to {names}" if open_ else ""
        return "\n".join(
            [
                f"undecided: whether the derivative of {self.name_of_f}{towards} is right cannot be told here",
                *(f"  {reason}" for reason in self.reasons[:3]),
                *self._gradients(),
                '  an undecided verdict fails unless it is allowed: undecided="allow"',
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
        """How many numbers each question is about, with what verdict, and what that rests on."""
        lines = []
        counts = Counter((f.question, f.verdict) for f in self.findings)
        for question, meaning in QUESTIONS.items():
            told = [f"{counts[question, v]:,} {v}" for v in (RIGHT, WRONG, UNDECIDED) if counts[question, v]]
            if told and not (question == "value" and not counts[question, WRONG]):
                lines.append(f"  {question:<12}  {meaning}: {', '.join(told)}")
        return lines + [f"  {'evidence':<12}  {words}" for words in self._evidences()]

    def html(self) -> str:
        """Return the report as a page: found beside expected, and the graph with the edge that is wrong."""
        from .report_page import page

        return page(self)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Save the page under a path that ends in .html; return the path.

        Raises ValueError for another ending, OSError where the path cannot be written.
        """
        target = Path(path)
        if target.suffix.lower() not in (".html", ".htm"):
            raise ValueError(f"a report is saved as .html, not {target.suffix or target}")
        return write_atomically(target, self.html().encode())

    def show(self) -> None:
        """Show the page: below the cell of a notebook, else in the browser."""
        if in_notebook():
            from IPython.display import display

            display(self)  # type: ignore[no-untyped-call, unused-ignore]
            return
        path = self.save(Path(tempfile.mkdtemp(prefix="chainwalk-")) / "report.html")
        webbrowser.open(path.as_uri())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from ..drawing.inline import Player

        return Player(self.html(), repr(self), 560)._repr_mimebundle_()

    def _evidences(self) -> list[str]:
        """What the verdict rests on, in words: how many inputs were looked at, and how."""
        rows = [f for f in self.findings if f.question == "end to end"]
        alone = [f for f in rows if not _of_many(f)]
        inputs = sum(count for _, _, count in self._slots)
        found = []
        for words in (IN_DIGITS, BY_DIFFERENCES):
            those = [f for f in alone if f.why.startswith(words)]
            if those:
                errors = [f.tolerance for f in those if f.truth]
                certain = f", certain to {max(errors):.0e}" if errors and words == BY_DIFFERENCES else ""
                each = {f.place for f in those}
                among = f" for {len(each):,} of {inputs:,} inputs, one by one" if inputs > len(each) else ""
                found.append(f"{words}{certain}{among}")
        directions = [f for f in rows if "a random direction in" in f.why]
        if directions:
            found.append(f"all {inputs:,} inputs moved together, along {len(directions)} random directions")
        projected = any("results added up" in (r or "") for r in (self.results, self.projected))
        if projected:
            found.append("the Jacobian times random vectors, not each of its numbers")
        if self.library:
            found.append(f"the gradient is {self.library}'s")
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
        """A node, leaf or direction in words."""
        return cut(str(self.names.get(place, place) if place.__class__ is not str else place), 20)

    def failure(self, table: bool = True) -> str:
        """What is wrong, by how much, what is to blame, and the smallest program that shows it."""
        guilty = self.guilty
        if guilty is None:
            return ""
        lines = [self._headline(guilty)]
        if self.title and table:
            lines.append(f"  {self.title}{f': {self.results}' if self.results else ''}")
        if self.program is not None and 1 < len(self.program.lines) <= 12:
            lines.append(f"  f: {self.program}")
        lines += self._wrong_numbers() if table else [f"  {words}" for words in patterns(self.parts())]
        if guilty.question == "end to end" and self.program is None:
            lines.append(f"  evidence: {guilty.why or IN_DIGITS}")
        else:
            lines.append(f"  guilty: {self._accusation(guilty)}")
        if self.smallest is not None:
            lines.append(f"  smallest program that shows it: {self.smallest}")
            lines += [f"    {line}" for line in self.smallest.code().splitlines()]
        if self.picture is not None:
            lines.append(f"  picture: {self.picture}")
        if self.pasted:
            lines.append(f"  reproduce: {self.pasted}")
        return "\n".join(lines)

    def _wrong_numbers(self) -> list[str]:
        """All wrong numbers, found and expected side by side, and what they have in common."""
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
        """The gradients by each argument beside the right ones, where all are known."""
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
        if guilty.question == "chance":
            return guilty.why
        if wrong is not None:
            cause = f": {BROKEN['record']}" if guilty.question == "record" else at
            return f"the derivative of {self.name_of_f} with respect to {self._wrong_names()} is wrong{cause}"
        return f"{BROKEN[guilty.question]}{at}"

    def _wrong_names(self) -> str:
        """The wrong inputs, or the arguments they belong to where they are many."""
        wrong = [f for f in self.findings if f.question == "end to end" and f.verdict == WRONG]
        wrong = [f for f in wrong if not _of_many(f)] or wrong
        names = list(dict.fromkeys(self.name(f.place) for f in wrong))
        if len(names) <= 3:
            return ", ".join(names)
        parts = [(part.name, sum(part.wrong), len(part.wrong)) for part in self.parts() if any(part.wrong)]
        if parts:
            return ", ".join(f"{name} (at {bad:,} of {count:,} numbers)" for name, bad, count in parts)
        return f"{', '.join(names[:3])} and {len(names) - 3:,} more"

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
        if guilty.question == "chance":
            return guilty.why
        return guilty.why or f"{guilty.question}: found {guilty.found:+.10g}, truth {guilty.truth}"


def _of_many(finding: Finding) -> bool:
    """Whether a finding is about inputs that were moved together."""
    return str(finding.place).startswith("direction")


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
