"""The report of a check: its findings, the verdict, and the cause of a failure."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..files import write_atomically
from ..terminal import brief, cut, kind_of, quoted, show
from .cases.program import Program
from .evidence.findings import RIGHT, UNDECIDED, WRONG, Finding
from .paste import pasted
from .patterns import Part
from .report_text import as_text, failure, undecided_message


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
        name = brief(getattr(f, "__name__", kind_of(f)))
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
            raise GradientError(undecided_message(self))
        return self

    def failure(self, table: bool = True) -> str:
        """Return the message of a failure: the wrong numbers, the cause, and the smallest program."""
        return failure(self, table)

    def __repr__(self) -> str:
        return as_text(self)

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
            raise ValueError(f"path must end in .html, got {quoted(str(target), 500)}")
        return write_atomically(target, self.html().encode())

    def show(self) -> None:
        """Show the report as a page: below the cell in a notebook, else in the browser."""
        show(self, self.save, "report.html")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from ..drawing.inline import Player

        return Player(self.html(), repr(self), 560)._repr_mimebundle_()

    @property
    def input_count(self) -> int:
        """The number of inputs: of all numbers in all arguments."""
        return sum(count for _, _, count in self._slots)

    def name(self, place: Any) -> str:
        """Return the name of a node, leaf or direction."""
        return cut(str(self.names.get(place, place) if place.__class__ is not str else place), 20)

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
