"""A report as text: the evidence as a table, and the message of a failure with its cause."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ..formulas import names_of, partial_formula
from ..ops.table import TABLE
from ..terminal import derivative_sign
from .evidence.findings import RIGHT, UNDECIDED, WRONG, Finding
from .patterns import patterns
from .questions.opaque import BY_DIFFERENCES, IN_HIGH_PRECISION

if TYPE_CHECKING:
    from .report import Report

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


def as_text(report: Report) -> str:
    """Return the whole report: the gradients, the evidence and the verdict."""
    lines = [report.title] if report.title else []
    lines += _gradients(report)
    lines += evidence(report)
    if report.verdict == WRONG:
        return "\n".join([*lines, f"  verdict: {WRONG}: {failure(report, table=False)}"])
    lines.append(f"  verdict: {report.verdict}{_because(report)}")
    return "\n".join(lines)


def evidence(report: Report) -> list[str]:
    """Return a line for each question, with the number of findings by verdict, and for each evidence."""
    lines = []
    counts = Counter((f.question, f.verdict) for f in report.findings)
    for question, meaning in QUESTIONS.items():
        each = [f"{counts[question, v]:,} {v}" for v in (RIGHT, WRONG, UNDECIDED) if counts[question, v]]
        if each and not (question == "value" and not counts[question, WRONG]):
            lines.append(f"  {question:<12}  {meaning}: {', '.join(each)}")
    return lines + [f"  {'evidence':<12}  {words}" for words in _evidences(report)]


def _evidences(report: Report) -> list[str]:
    """Return descriptions of the evidence: which method was used for how many inputs."""
    rows = [f for f in report.findings if f.question == "end to end"]
    alone = [f for f in rows if not _of_many(f)]
    inputs = report.input_count
    found = []
    for words in (IN_HIGH_PRECISION, BY_DIFFERENCES):
        those = [f for f in alone if f.why.startswith(words)]
        if those:
            errors = [f.tolerance for f in those if f.truth]
            certain = (
                f", with an error of at most {max(errors):.0e}" if errors and words == BY_DIFFERENCES else ""
            )
            each = {f.place for f in those}
            among = f" for {len(each):,} of {inputs:,} inputs, one by one" if inputs > len(each) else ""
            found.append(f"{words}{certain}{among}")
    directions = [f for f in rows if "a random direction in" in f.why]
    if directions:
        found.append(f"all {inputs:,} inputs together, along {len(directions)} random directions")
    projected = any("with random weights" in (r or "") for r in (report.results, report.projected))
    if projected:
        found.append("products of random vectors with the Jacobian, not each of its numbers")
    if report.library:
        found.append(f"the gradient is computed by {report.library}")
    return found


def _because(report: Report) -> str:
    reasons = report.reasons if report.verdict == UNDECIDED else []
    kinks = [f.why for f in report.findings if f.verdict == RIGHT and "a kink, between" in f.why]
    if reasons:
        return f": {'; '.join(reasons[:3])}"
    if kinks:
        return f" ({kinks[0]})"
    return f" (relative error at most {report.error:.0e})" if report.error else ""


def _gradients(report: Report) -> list[str]:
    """Return a table of the gradients and the numbers they were compared with."""
    rows = [f for f in report.findings if f.question == "end to end"]
    if not rows:
        return []
    width = max(5, *(len(report.name(row.place)) for row in rows[:ROWS]))
    lines = [f"  {'input':<{width}}  {'gradient':>15}  {'truth':>15}  difference  verdict"]
    for row in rows[:ROWS]:
        truth = "-" if row.truth is None else f"{row.truth:+.9g}"
        same = row.found == row.truth  # two infinities too
        miss = "-" if row.truth is None else f"{0 if same else abs(row.found - row.truth):.1e}"
        name = f"{report.name(row.place):<{width}}"
        lines.append(f"  {name}  {row.found:>+15.9g}  {truth:>15}  {miss:>10}  {row.verdict}")
    if len(rows) > ROWS:
        lines.append(f"  ... {len(rows) - ROWS:,} more")
    return lines


def undecided_message(report: Report) -> str:
    """Return the message of an error about an undecided verdict: the reasons and the gradients."""
    open_ = [f for f in report.findings if f.verdict == UNDECIDED and f.question == "end to end"]
    names = ", ".join(report.name(f.place) for f in open_[:6]) + (" ..." if len(open_) > 6 else "")
    inputs = f" with respect to {names}" if open_ else ""
    return "\n".join(
        [
            f"undecided: the derivative of {report.name_of_f}{inputs} cannot be verified at this point",
            *(f"  {reason}" for reason in report.reasons[:3]),
            *_gradients(report),
            '  an undecided verdict is an error; to allow it, pass undecided="allow"',
            *([f"  reproduce: {report.pasted}"] if report.pasted else []),
        ]
    )


def failure(report: Report, table: bool = True) -> str:
    """Return the message of a failure: the wrong numbers, the cause, and the smallest program."""
    cause = report.cause
    if cause is None:
        return ""
    lines = [_headline(report, cause)]
    if report.title and table:
        lines.append(f"  {report.title}{f': {report.results}' if report.results else ''}")
    if report.program is not None and 1 < len(report.program.lines) <= 12:
        lines.append(f"  f: {report.program}")
    lines += _wrong_numbers(report) if table else [f"  {words}" for words in patterns(report.parts())]
    if cause.question == "end to end" and report.program is None:
        lines.append(f"  evidence: {cause.why or IN_HIGH_PRECISION}")
    else:
        lines.append(f"  cause: {_cause(report, cause)}")
    if report.smallest is not None:
        lines.append(f"  smallest program that shows it: {report.smallest}")
        lines += [f"    {line}" for line in report.smallest.code().splitlines()]
    if report.picture is not None:
        lines.append(f"  picture: {report.picture}")
    if report.pasted:
        lines.append(f"  reproduce: {report.pasted}")
    return "\n".join(lines)


def _wrong_numbers(report: Report) -> list[str]:
    """Return a table of the wrong numbers, found and expected, and the pattern of their errors."""
    questions = ("end to end", "order 2", "order 3")
    wrong = [f for f in report.findings if f.question in questions and f.verdict == WRONG]
    inputs = [f for f in wrong if f.question == "end to end" and not _of_many(f)] or wrong
    lines = [f"  {words}" for words in patterns(report.parts())]
    if not inputs:
        return lines
    names = [report.name(f.place) for f in inputs[:ROWS]]
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


def _headline(report: Report, cause: Finding) -> str:
    wrong = next((f for f in report.findings if f.question == "end to end" and f.verdict == WRONG), None)
    at = f" at {cause.place.op.name}" if getattr(cause.place, "op", None) else ""
    if cause.question == "determinism":
        return cause.why
    if wrong is not None:
        where = f": {BROKEN['record']}" if cause.question == "record" else at
        return f"the derivative of {report.name_of_f} with respect to {_wrong_names(report)} is wrong{where}"
    return f"{BROKEN[cause.question]}{at}"


def _wrong_names(report: Report) -> str:
    """Return the names of the wrong inputs, or of their arguments if there are many."""
    wrong = [f for f in report.findings if f.question == "end to end" and f.verdict == WRONG]
    wrong = [f for f in wrong if not _of_many(f)] or wrong
    names = list(dict.fromkeys(report.name(f.place) for f in wrong))
    if len(names) <= 3:
        return ", ".join(names)
    parts = [(part.name, sum(part.wrong), len(part.wrong)) for part in report.parts() if any(part.wrong)]
    if parts:
        return ", ".join(f"{name} (at {bad:,} of {count:,} numbers)" for name, bad, count in parts)
    return f"{', '.join(names[:3])} and {len(names) - 3:,} more"


def _cause(report: Report, cause: Finding) -> str:
    node = cause.place
    if cause.question == "local":
        return _wrong_partial(node, cause)
    if cause.question == "value":
        return (
            f"{node.op.name}, whose value is {cause.found!r}, expected {cause.truth!r} "
            "(unless the data of an operand was overwritten afterwards)"
        )
    if cause.question == "accumulation":
        name = report.name(node)
        return f"the backward pass: {name}.grad is {cause.found:+.6g}, but {cause.why}"
    if cause.question == "protocol":
        return (
            f"the backward pass: {cause.why}; {report.name(node)}.grad is {cause.found:+.6g}, expected "
            f"{cause.truth:+.6g}"
        )
    if cause.question == "determinism":
        return cause.why
    return cause.why or f"{cause.question}: found {cause.found:+.10g}, expected {cause.truth}"


def caption(report: Report) -> str:
    """Return the cause in one line, for the picture of the smallest program."""
    cause = report.cause
    if cause is None:
        return ""
    shown = report.shown
    if shown is None or shown.question != "local" or shown.truth is None:
        return f"wrong: {BROKEN.get(cause.question, 'the gradient')}"
    op = shown.place.op.name
    return f"{op} is wrong: its local derivative is {shown.found:.6g}, expected {shown.truth:.6g}"


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
