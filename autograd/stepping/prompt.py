"""An interactive prompt over a stepper, with the short commands of a debugger."""

from __future__ import annotations

import cmd
import operator
import os
import re
import sys
from collections.abc import Callable
from typing import IO, Any

from ..terminal import coloured, printable, printable_lines, quoted

_SHORT = {
    "s": "step",
    "n": "next",
    "u": "until",
    "f": "finish",
    "b": "back",
    "g": "goto",
    "r": "reset",
    "p": "peek",
    "w": "where",
    "t": "tree",
    "a": "watch",
    "c": "check",
    "v": "show",
    "o": "save",
    "m": "frames",
    "l": "animate",
    "q": "quit",
    "h": "help",
    "?": "help",
}


class Prompt(cmd.Cmd):
    """Read commands for a Backprop and print its answers; an empty line repeats the last one.

    A command is one letter, its full name, or any unambiguous prefix. At a terminal there are
    history, completion and colour; fed from a pipe it echoes each command, so that the output is a
    transcript. An invalid command prints one line and changes nothing.

    >>> import io
    >>> from autograd import Value, backprop
    >>> x = Value(3.0, "x")
    >>> Prompt(backprop(x * x), io.StringIO("until x\\nq\\n")).cmdloop()
    Backprop of v1 = x * x: 2 values, 2 chain-rule steps, 0 done
      next: seed
    (backprop) until x
    [2/2] v1 = x * x   ∂v1/∂x = x = +3.0000
          ∂v1/∂x += ∂v1/∂v1 * ∂v1/∂x = +1.0000 * +3.0000 = +3.0000
          x.grad: +3.0000 -> +6.0000   (2 of 2 contributions, final)
    (backprop) q
    """

    prompt: str = "(backprop) "

    def __init__(self, stepper: Any, stdin: IO[str] | None = None) -> None:
        super().__init__(stdin=stdin or sys.stdin, stdout=sys.stdout)
        self.stepper = stepper
        self.interactive: bool = stdin is None and sys.stdin is not None and sys.stdin.isatty()
        self.use_rawinput: bool = self.interactive
        self._last = "step"
        if not self.interactive:
            self.prompt = ""

    def preloop(self) -> None:
        self._answer(self.stepper)
        if self.interactive:
            print("  s step, n next, u until, w where, b back, q quit; h for all commands")

    def precmd(self, line: str) -> str:
        if line == "EOF":
            return "quit"
        if not self.interactive and line.strip():
            print(f"(backprop) {printable(line.strip())}")
        return line.strip()

    def emptyline(self) -> bool:
        return self.onecmd(self._last) if self.interactive else False

    def onecmd(self, line: str) -> bool:
        word, _, rest = line.partition(" ")
        name = _whole_name(word)
        if not word:
            return self.emptyline()
        if name == "quit":
            return self.do_quit(rest)
        command: Callable[[str], Any] | None = getattr(self, f"do_{name}", None)
        if command is None:
            print(f"{quoted(word)} is not a command; h lists them")
            return False
        self._last = line if name != "help" else self._last
        try:
            self._answer(command(rest.strip()))
        except (ValueError, OSError, RuntimeError, ImportError) as error:
            print(printable_lines(str(error)))
        return False

    def _answer(self, answer: Any) -> None:
        if answer is None:
            return
        text = answer if isinstance(answer, str) else repr(answer)
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        print(coloured(text) if self.interactive and not plain else text)

    def cmdloop(self, intro: Any | None = None) -> None:
        """Answer until `q` or the end of the input; Ctrl-C only drops the line that was begun."""
        while True:
            try:
                return super().cmdloop(intro)
            except KeyboardInterrupt:  # noqa: PERF203
                print("\n(q quits)")
                self.preloop = lambda: None  # type: ignore[method-assign]

    def completenames(self, text: str, *_: Any) -> list[str]:
        return [name for name in sorted(set(_SHORT.values())) if name.startswith(text)]

    def completedefault(self, text: str, *_: Any) -> list[str]:
        return [name for name in self.stepper.recorded.names.values() if name.startswith(text)]

    def do_step(self, count: str) -> Any:
        """s, step [COUNT]: do the next step, or the next COUNT of them"""
        return self.stepper.step(_whole(count, 1))

    def do_next(self, _: str) -> Any:
        """n, next: do the rest of the current operation"""
        return self.stepper.next()

    def do_until(self, target: str) -> Any:
        """u, until WHAT: go on until a grad (by name) is final, or |partial| > 1"""
        if not target:
            return "until which value? Give its name, or a condition such as contribution < 0"
        return self.stepper.until(target)

    def do_finish(self, _: str) -> Any:
        """f, finish: do all the steps that are left"""
        return self.stepper.finish()

    def do_back(self, count: str) -> Any:
        """b, back [COUNT]: undo the last step, or the last COUNT of them"""
        return self.stepper.back(_whole(count, 1))

    def do_goto(self, number: str) -> Any:
        """g, goto NUMBER: go to the moment right after that step"""
        return self.stepper.goto(_whole(number, None))

    def do_reset(self, _: str) -> Any:
        """r, reset: go back to before the first step"""
        return self.stepper.reset()

    def do_peek(self, _: str) -> Any:
        """p, peek: show the next step without doing it"""
        return self.stepper.peek()

    def do_where(self, most: str) -> Any:
        """w, where [ROWS]: the values, their gradients, and the next operation"""
        return self.stepper.where(_whole(most, 30))

    def do_tree(self, depth: str) -> Any:
        """t, tree [DEPTH]: the graph from the root down, with its contributions"""
        return self.stepper.tree(_whole(depth, 8))

    def do_watch(self, names: str) -> Any:
        """a, watch [NAME ...]: show these gradients below every step, or none"""
        return self.stepper.watch(*self._names(names))

    def do_check(self, names: str) -> Any:
        """c, check [NAME ...]: numerical derivatives beside these gradients, or all"""
        return self.stepper.check(*self._names(names))

    def _names(self, words: str) -> list[str]:
        """Return one name, which may contain spaces, or several names without."""
        return [words] if words in self.stepper.recorded.names.values() else words.split()

    def do_show(self, _: str) -> Any:
        """v, show: open the picture of the current step"""
        return self.stepper.show()

    def do_save(self, path: str) -> Any:
        """o, save PATH: a picture of the step, .svg .png .pdf; .html plays all"""
        return f"picture: {self.stepper.save(path)}" if path else "save where? Give a path such as step.svg"

    def do_frames(self, folder: str) -> Any:
        """m, frames FOLDER: a picture of every step"""
        if not folder:
            return "frames where? Give a folder"
        paths = self.stepper.frames(folder)
        return f"{len(paths)} pictures: {paths[0]} to {paths[-1].name}"

    def do_animate(self, path: str) -> Any:
        """l, animate PATH: an animation of the pass, .svg .gif .apng"""
        return f"animation: {self.stepper.animate(path)}" if path else "animate where? Give a path, as pass.svg"

    def do_quit(self, _: str) -> bool:
        """q, quit: leave"""
        return True

    def do_help(self, name: str) -> Any:
        """h, help [COMMAND]: what the commands do"""
        names = [_whole_name(name)] if name else list(dict.fromkeys(_SHORT.values()))
        commands = [getattr(self, f"do_{each}", None) for each in names]
        if None in commands:
            return f"{name!r} is not a command; h lists them"
        # python -OO leaves the names alone
        texts = [command.__doc__ or each for each, command in zip(names, commands, strict=True)]
        lines = (text.partition(": ") for text in texts)
        return "\n".join(f"  {usage:<22}{meaning}".rstrip() for usage, _, meaning in lines)


def _whole(text: str, default: int | None) -> int:
    """Return the integer in a command's argument; raise ValueError for anything else."""
    if not text and default is not None:
        return default
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{quoted(text)} is not an integer") from None


def _whole_name(word: str) -> str:
    """Return the command of which a word is the prefix, if there is exactly one; else the word."""
    found = [name for name in sorted(set(_SHORT.values())) if word and name.startswith(word)]
    return _SHORT.get(word) or (found[0] if len(found) == 1 else word)


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_FIELDS = ("number", "contribution", "partial", "upstream", "before", "after", "count")


def condition(text: str) -> Callable[[Any], bool] | None:
    """Read a comparison of a step's field with a number; None for a text that compares nothing.

    Raises ValueError for any other comparison.

    >>> from autograd import Value, backprop
    >>> step = backprop(Value(3.0, "x") * -2).step(2)[1]
    >>> condition("contribution < 0")(step), condition("|partial| > 5")(step), condition("x")
    (True, False, None)
    """
    if not re.search("[<>]|[=!]=", text):
        return None
    number = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
    found = re.fullmatch(rf"(\|?)({'|'.join(_FIELDS)})\1\s*([<>=!]=|[<>])\s*({number})", text)
    if not found:
        raise ValueError(
            f"invalid condition {quoted(text)}: compare {', '.join(_FIELDS)} with a number, as in "
            "contribution < 0 or |after| > 1; the grad of the receiving value is called `before` and `after` "
            "the step"
        )
    bars, field, sign, limit = found[1], found[2], found[3], float(found[4])

    def holds(step: Any) -> bool:
        value = getattr(step, field)
        return value is not None and _COMPARISONS[sign](abs(value) if bars else value, limit)

    return holds
