"""The command line: `python -m autograd` or `chainwalk`."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from ..drawing import draw
from ..errors import DomainError
from ..stepping.backprop import Backprop
from ..stepping.explain import explain
from ..value import Value
from .parsing import ExpressionError, evaluate, identifier

T = TypeVar("T")
_EXAMPLE = "e = a*b; d = e + c; t = tanh(a); L = d*t", ["a=2", "b=-3", "c=10"]
_OPTIONS = (
    "--save",
    "--theme",
    "--at",
    "--examples",
    "--order",
    "--seed",
    "--programs",
    "--file",
    "--processes",
    "--cluster",
    "-h",
    "--help",
)


class UsageError(ValueError):
    """Something on the command line that cannot be used; its text says what and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did what was asked, 2 when it could not, with one clear line why.

    `check` also gives 1 for a wrong gradient and 3 for one that cannot be decided; Ctrl-C gives 130.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = _options([_not_an_option(argument) for argument in given])
    if options.command is None:
        return _example()
    try:
        status = int(options.run(options))
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader, `head` for example, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print(f"chainwalk {options.command}: interrupted", file=sys.stderr)
        return 130
    except (ExpressionError, DomainError, UsageError, OSError) as error:
        print(f"chainwalk {options.command}: {error}", file=sys.stderr)
        return 2


def _options(given: list[str]) -> argparse.Namespace:
    """The arguments read; values may stand behind options too, where argparse no longer looks for them."""
    parser = _parser()
    options, left = parser.parse_known_args(given)
    late = [argument for argument in left if "=" in argument and not argument.startswith("-")]
    if len(late) < len(left) or (late and not hasattr(options, "values")):
        parser.parse_args(given)  # which says what is wrong
    if late:
        options.values = [*options.values, *late]
    return options


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
    _add_check(commands)
    _add_prove(commands)
    return parser


def _add_check(commands: Any) -> None:
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
        type=_count,
        default=0,
        metavar="N",
        help="check N random points; a value is then low:high",
    )
    check.add_argument("--order", type=int, default=2, choices=[1, 2, 3], help="of the highest derivatives (2)")
    check.add_argument("--seed", type=int, default=0, help="of the random points (0)")
    check.add_argument("--save", metavar="PATH", help="save the picture of the smallest failing program")


def _add_prove(commands: Any) -> None:
    about = "Check this engine on random programs, on all cores; a run that was stopped goes on where it was."
    prove = commands.add_parser("prove", help=about, description=about)
    prove.set_defaults(run=_prove)
    prove.add_argument("--programs", type=_count, default=20_000, metavar="N", help="how many in all (20,000)")
    prove.add_argument("--order", type=int, default=1, choices=[1, 2, 3], help="of the highest derivatives (1)")
    prove.add_argument("--file", metavar="PATH", help="keep finished blocks here, and do not do them again")
    prove.add_argument("--processes", type=_count, metavar="N", help="how many cores to use (all)")
    prove.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="check on the workers of a Dask scheduler, such as tcp://10.0.0.1:8786",
    )


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number, 1 or more")
    return int(text)


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


def _evaluated(options: argparse.Namespace) -> tuple[Value, dict[str, Value]]:
    return evaluate(options.expression.strip(), _numbers(options.values))


def _explain(options: argparse.Namespace) -> int:
    root, leaves = _evaluated(options)
    where = ", ".join(f"{name} = {leaf.data:g}" for name, leaf in leaves.items())
    text = explain(root)
    saved = None if options.save is None else _save(root, options.save, options.theme)
    print(f"{options.expression.strip()}   at {where}\n\n{text}")
    if saved:
        print(f"\npicture: {saved}")
    return 0


def _step(options: argparse.Namespace) -> int:
    Backprop(_evaluated(options)[0]).prompt()
    return 0


def _check(options: argparse.Namespace) -> int:
    try:
        from .check import run

        given = _named([*options.values, *options.at], _range)
        return run(
            options.expression.strip(), given, examples=options.examples, order=options.order,
            seed=options.seed, save=options.save,
        )  # fmt: skip
    except (ExpressionError, DomainError, UsageError):
        raise
    except (ValueError, TypeError, ImportError) as error:
        raise UsageError(str(error)) from error


def _prove(options: argparse.Namespace) -> int:
    try:
        from ..checking.cases.proof import prove, summary, teller

        with _tasks_run_on(options.cluster) as run:
            blocks = prove(options.programs, options.order, options.file, options.processes, teller(), run)
    except ImportError as error:
        raise UsageError(str(error)) from error
    print(summary(blocks))
    return 1 if any(block.wrong for block in blocks) else 0


@contextmanager
def _tasks_run_on(address: str | None) -> Iterator[Any]:
    """What runs tasks on a cluster; None for this machine's cores."""
    if address is None:
        yield None
        return
    from .. import cluster

    with cluster.connect(address) as client:
        yield cluster.run_on(client)


def _range(text: str) -> tuple[float, float]:
    """A number, or low:high."""
    low, colon, high = text.partition(":")
    return (_finite(low), _finite(high)) if colon else (_finite(low), _finite(low))


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _numbers(values: Sequence[str]) -> dict[str, float]:
    """The `name=number` arguments."""
    return _named(values, _finite)


def _named(values: Sequence[str], read: Callable[[str], T]) -> dict[str, T]:
    """Arguments that read `name=number`, or `name=` whatever else is read."""
    numbers: dict[str, T] = {}
    for text in values:
        left, equals, number = text.strip().partition("=")
        if text.strip().startswith("--"):
            raise UsageError(f"there is no option {text.strip()}: see chainwalk --help")
        if not equals or left.startswith("-") or not left.strip():
            raise UsageError(f"{text.strip()!r} is not name=number, such as x=0.5")
        try:
            name = identifier(left.strip())
        except ValueError as error:
            raise UsageError(f"{text.strip()!r} is not name=number, such as x=0.5: {error}") from None
        if name in numbers:
            raise UsageError(f"{name} is given twice")
        try:
            numbers[name] = read(number)
        except ValueError:
            raise UsageError(f"{text!r}: {number!r} is not a finite number") from None
    return numbers


def _save(root: Value, path: str, theme: str | None) -> Path:
    folder = Path(path).parent
    if not folder.is_dir():
        raise UsageError(f"the picture could not be saved: there is no folder {str(folder)!r}; make it first")
    try:
        return draw(root, theme=theme).save(path)
    except OSError as error:
        raise UsageError(f"the picture could not be saved as {path!r}: {error.strerror}") from error
    except (ValueError, RuntimeError, ImportError) as error:
        raise UsageError(f"the picture could not be saved: {error}") from error


def _example() -> int:
    expression, values = _EXAMPLE
    print("A worked example. Explain an expression of your own like this:\n")
    print(f'  chainwalk explain "{expression}" {" ".join(values)} --save chainwalk.svg\n')
    return main(["explain", expression, *values, "--save", "chainwalk.svg"])
