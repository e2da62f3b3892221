"""The command line: `python -m autograd` or `chainwalk`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .drawing import draw
from .errors import DomainError
from .explaining import explain
from .parsing import ExpressionError, evaluate
from .stepping import Backprop
from .value import Value

_EXAMPLE = "e = a*b; d = e + c; t = tanh(a); L = d*t", ["a=2", "b=-3", "c=10"]
_OPTIONS = ("--save", "--theme", "-h", "--help")


class UsageError(ValueError):
    """Something on the command line that cannot be used; its text says what and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did what was asked, 2 when it could not, with one clear line why."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args([_not_an_option(argument) for argument in given])
    if options.command is None:
        return _example()
    try:
        root, leaves = evaluate(options.expression.strip(), _numbers(options.values))
        options.run(root, leaves, options)
    except (ExpressionError, DomainError, UsageError, OSError) as error:
        print(f"chainwalk {options.command}: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="chainwalk", description="Backpropagation, one application of the chain rule at a time."
    )
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
    return parser


def _command(commands: Any, name: str, run: Any, description: str, example: str) -> argparse.ArgumentParser:
    """A command that takes an expression and a value for each of its names."""
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=description, description=description, epilog=f"example: chainwalk {name} {example}"
    )
    command.set_defaults(run=run)
    command.add_argument("expression", help='such as "tanh(w*x + b)", or "s = w*x + b; tanh(s)"')
    command.add_argument("values", nargs="*", metavar="name=number", help="a value for each name")
    return command


def _not_an_option(argument: str) -> str:
    """An expression may begin with a minus; a leading space tells argparse that it is none of its."""
    option = argument.split("=", maxsplit=1)[0] in _OPTIONS
    return f" {argument}" if argument.startswith("-") and not option and argument != "--" else argument


def _explain(root: Value, leaves: dict[str, Value], options: argparse.Namespace) -> None:
    where = ", ".join(f"{name} = {leaf.data:g}" for name, leaf in leaves.items())
    print(f"{options.expression.strip()}   at {where}\n")
    print(explain(root))
    if options.save:
        print(f"\npicture: {_save(root, options.save, options.theme)}")


def _step(root: Value, leaves: dict[str, Value], options: argparse.Namespace) -> None:
    Backprop(root).prompt()


def _numbers(values: Sequence[str]) -> dict[str, float]:
    """The `name=number` arguments."""
    numbers: dict[str, float] = {}
    for text in values:
        name, equals, number = text.strip().partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"{text.strip()!r} is not name=number, such as x=0.5")
        if name in numbers:
            raise UsageError(f"{name} is given twice")
        try:
            numbers[name] = float(number)
        except ValueError:
            raise UsageError(f"{text!r}: {number!r} is not a number") from None
    return numbers


def _save(root: Value, path: str, theme: str | None) -> Path:
    try:
        return draw(root, theme=theme).save(path)
    except (ValueError, RuntimeError, ImportError) as error:
        raise UsageError(f"the picture could not be saved: {error}") from error


def _example() -> int:
    expression, values = _EXAMPLE
    print("A worked example. Explain an expression of your own like this:\n")
    print(f'  chainwalk explain "{expression}" {" ".join(values)} --save chainwalk.svg\n')
    return main(["explain", expression, *values, "--save", "chainwalk.svg"])


if __name__ == "__main__":
    sys.exit(main())
