"""The command line: `python -m autograd` or `chainwalk`."""

from __future__ import annotations

import argparse
import math
import os
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, TextIO, TypeVar

from ..drawing import draw
from ..errors import DomainError
from ..guidance.clash import replaced
from ..stepping.backprop import Backprop
from ..stepping.explain import explain
from ..terminal import brief, printable, printable_lines, quoted
from ..value import Value
from .parsing import ExpressionError, evaluate, identifier

T = TypeVar("T")
MOST_EXAMPLES = 10_000_000
"""Random points of one check: some hours."""
_EXAMPLE = "e = a*b; d = e + c; t = tanh(a); L = d*t", ["a=2", "b=-3", "c=10"]


class UsageError(ValueError):
    """Something on the command line that cannot be used; its text says what and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 for success, 2 for an error, reported in one line.

    `check` also returns 1 for a wrong gradient and 3 if it cannot be decided. The status is 130 after
    Ctrl-C, 141 if the reader of a pipe has closed it, and 70 for an error in chainwalk itself.
    """
    command = ""
    if problem := replaced():
        print(f"chainwalk: {printable(problem)}", file=sys.stderr)
        return 2
    try:
        _open_what_is_closed()
        _replace_signs_that_cannot_be_shown()
        parser = _parser()
        options, words = parser.parse_known_args(arguments)
        if options.command is None:
            return _example() if not words else parser.error(f"there is no option {words[0]}")
        command = f" {options.command}"
        if options.parser is not None:
            options.expression, *options.values = _words(options.parser, words)
        elif words:
            parser.error(f"{words[0]!r} is not an argument of {options.command}")
        return _finished(int(options.run(options)))
    except BrokenPipeError:  # the reader, `head` for example, has closed the pipe
        _discard_unwritten(sys.stdout)
        return 128 + 13  # as a program that SIGPIPE ends
    except KeyboardInterrupt:
        _complain(f"chainwalk{command}: interrupted")
        return 130
    except (ExpressionError, DomainError, UsageError, OSError) as error:
        lines = [brief(line, 1000) for line in str(error).split("\n")[:20]]
        _complain(f"chainwalk{command}: " + "\n".join(lines))
        return 2
    except Exception:  # not status 1, which means that a gradient is wrong
        text = printable_lines(traceback.format_exc())
        _complain(f"{text}chainwalk{command}: an error in chainwalk itself; please report it")
        return 70


def _finished(status: int) -> int:
    """Flush the output and return the status."""
    sys.stdout.flush()
    return status


def _complain(text: str) -> None:
    """Print a message to stderr, and let neither stream change the exit status if it is full."""
    with suppress(OSError):
        print(text, file=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        _discard_unwritten(stream)


def _discard_unwritten(stream: TextIO) -> None:
    """Discard what a stream cannot write: Python would try it again at exit, and exit with 120."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _open_what_is_closed() -> None:
    """Open the null device in place of a closed stdin, stdout or stderr."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 (open until the end)
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def _replace_signs_that_cannot_be_shown() -> None:
    """Let a terminal without Unicode show a question mark for an unknown symbol instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and not (stream.encoding or "").lower().startswith("utf"):
            stream.reconfigure(errors="replace")


def _words(parser: argparse.ArgumentParser, words: list[str]) -> list[str]:
    """Return the expression and the values: the arguments that are not options."""
    for word in words:
        if re.match("--[a-z]", word):
            parser.error(f"there is no option {word}")
    found = [word for word in words if word != "--"]
    if not found:
        parser.error("give an expression")
    return found


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one clear line."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="chainwalk",
        description="Backpropagation, one application of the chain rule at a time; alone, a worked example.",
    )
    parser.add_argument("--version", action="version", version=f"chainwalk {_version()}")
    commands = parser.add_subparsers(dest="command", metavar="command")
    explain_ = _command(
        commands,
        "explain",
        _explain,
        "Evaluate an expression, go back through it step by step, and check its gradients.",
        '"tanh(w*x + b)" w=0.5 x=2 b=-1 --save tanh.svg',
    )
    explain_.add_argument(
        "--save", metavar="PATH", help="save the picture: .svg, .png, .gv, .gif; .html is a page that plays it"
    )
    explain_.add_argument("--theme", choices=["light", "dark", "auto"], help="of the picture")
    _command(
        commands,
        "step",
        _step,
        "Step through the backward pass of an expression at a prompt; h there lists its commands.",
        '"tanh(w*x + b)" w=0.5 x=2 b=-1',
    )
    check = _command(
        commands,
        "check",
        _check,
        "Check the gradient of an expression, or of module:function: exit status 1 if it is wrong, 3 if "
        "float64 cannot decide.",
        "my.module:loss --at x=0.5 --at y=-1:1 --examples 1000",
    )
    check.add_argument(
        "--at", action="append", default=[], metavar="name=number", help="another way to give a value"
    )
    check.add_argument(
        "--examples",
        type=_count(MOST_EXAMPLES),
        default=0,
        metavar="N",
        help="check N random points; a value is then low:high",
    )
    check.add_argument("--order", type=int, default=2, choices=[1, 2, 3], help="of the highest derivatives (2)")
    check.add_argument("--seed", type=int, default=0, help="of the random points (0)")
    check.add_argument(
        "--gradient", metavar="module:g", help="a gradient of the function's own, or torch or jax"
    )
    check.add_argument(
        "--save", metavar="PATH", help="the report as a page, .html, or the smallest program's picture"
    )
    _add_playground(commands)
    about = "Report what is installed, which Graphviz is used, which extras are missing, and what conflicts."
    commands.add_parser("doctor", help=about, description=about).set_defaults(run=_doctor, parser=None)
    return parser


def _doctor(_: argparse.Namespace) -> int:
    from .doctor import doctor  # asks the installed distributions, which takes time to import

    return doctor()


def _version() -> str:
    from .. import __version__

    return __version__


def _add_playground(commands: Any) -> None:
    about = "Make a page in which a network learns in the browser and shows the backward pass of any point."
    command = commands.add_parser(
        "playground",
        help=about,
        description=about,
        epilog="example: chainwalk playground circles --layers 4,3 --save circles.html",
    )
    command.add_argument(
        "data",
        nargs="?",
        default="moons",
        help="moons (the default), circles, xor, spirals, or a .csv file: two inputs and a target a row",
    )
    command.add_argument("--layers", default="8,8", metavar="N,N", help="neurons of the hidden layers (8,8)")
    command.add_argument(
        "--points", type=_count(10_000), default=200, metavar="N", help="how many points (200)"
    )
    command.add_argument("--noise", type=_finite, default=0.1, help="of the points that are made (0.1)")
    command.add_argument("--seed", type=int, default=0, help="of the points, the weights and the batches (0)")
    command.add_argument("--save", metavar="PATH", default="playground.html", help="the page (playground.html)")
    command.set_defaults(run=_playground, parser=None)


def _command(commands: Any, name: str, run: Any, description: str, example: str) -> argparse.ArgumentParser:
    """Return a command that takes an expression and a value for each of its names.

    Its parser handles only the options: the other arguments, in any position, are the expression,
    which may begin with a minus, and then the values.
    """
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=description,
        description=description,
        usage=f"chainwalk {name} [options] expression [name=number ...]",
        epilog=f"example: chainwalk {name} {example}",
        allow_abbrev=False,
    )
    command.set_defaults(run=run, parser=command)
    return command


def _count(most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or len(text) > 20 or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{quoted(text)} is not a whole number from 1 to {most:,}")
        return int(text)

    return read


def _evaluated(options: argparse.Namespace) -> tuple[Value, dict[str, Value]]:
    return evaluate(options.expression.strip(), _numbers(options.values))


def _explain(options: argparse.Namespace) -> int:
    root, leaves = _evaluated(options)
    where = ", ".join(f"{name} = {leaf.data:g}" for name, leaf in leaves.items())
    text = explain(root)
    saved = None if options.save is None else _save(root, options.save, options.theme)
    print(f"{printable_lines(options.expression.strip())}   at {where}\n\n{text}")
    if saved:
        print(f"\npicture: {printable(str(saved))}")
    return 0


def _step(options: argparse.Namespace) -> int:
    Backprop(_evaluated(options)[0]).prompt()
    return 0


def _check(options: argparse.Namespace) -> int:
    try:
        from .check import run

        if options.save is not None:
            _refuse_no_folder(options.save)
        given = _named([*options.values, *options.at], _range)
        return run(
            options.expression.strip(), given, examples=options.examples, order=options.order,
            seed=options.seed, save=options.save, gradient=options.gradient,
        )  # fmt: skip
    except (ExpressionError, DomainError, UsageError):
        raise
    except (
        ValueError,
        TypeError,
        ImportError,
        RuntimeError,
    ) as error:  # the last is of a dot, or of its absence
        raise UsageError(str(error)) from error


def _playground(options: argparse.Namespace) -> int:
    from .playground import run

    try:
        print(f"playground: {printable(str(run(options)))}")
    except (ValueError, TypeError) as error:
        raise UsageError(str(error)) from error
    return 0


def _range(text: str) -> tuple[float, float]:
    """Return a number, or low:high."""
    low, colon, high = text.partition(":")
    return (_finite(low), _finite(high)) if colon else (_finite(low), _finite(low))


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _numbers(values: Sequence[str]) -> dict[str, float]:
    """Return the `name=number` arguments."""
    return _named(values, _finite)


def _named(values: Sequence[str], read: Callable[[str], T]) -> dict[str, T]:
    """Return arguments of the form `name=number`, or `name=` with another type of value."""
    numbers: dict[str, T] = {}
    for text in values:
        left, equals, number = text.strip().partition("=")
        if not equals or not left.strip():
            raise UsageError(f"{quoted(text.strip())} is not name=number, such as x=0.5")
        try:
            name = identifier(left.strip())
        except ValueError as error:
            raise UsageError(f"{quoted(text.strip())} is not name=number, such as x=0.5: {error}") from None
        if name in numbers:
            raise UsageError(f"{brief(name)} is given twice")
        try:
            numbers[name] = read(number)
        except ValueError:
            raise UsageError(f"{quoted(text)}: {quoted(number)} is not a finite number") from None
    return numbers


def _refuse_no_folder(path: str) -> None:
    folder = Path(path).parent
    if not folder.is_dir():
        raise UsageError(
            f"the picture could not be saved: there is no folder {quoted(str(folder), 500)}; make it first"
        )


def _save(root: Value, path: str, theme: str | None) -> Path:
    _refuse_no_folder(path)
    try:
        return draw(root, theme=theme).save(path)
    except OSError as error:
        raise UsageError(f"the picture could not be saved as {quoted(path, 500)}: {error.strerror}") from error
    except (ValueError, RuntimeError, ImportError) as error:
        raise UsageError(f"the picture could not be saved: {error}") from error


def _example() -> int:
    expression, values = _EXAMPLE
    print("A worked example. To explain another expression:\n")
    print(f'  chainwalk explain "{expression}" {" ".join(values)} --save chainwalk.svg\n')
    return main(["explain", expression, *values, "--save", "chainwalk.svg"])
