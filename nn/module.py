"""Module: something with parameters, made of smaller such things."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from autograd import Group, Value, zero_grad

from .state import Mismatch, flat, read, write

if TYPE_CHECKING:
    from typing_extensions import Self


class Module:
    """The base of everything that has parameters: Values, or modules, in its attributes.

    Parameters are found in attributes, in lists and in tuples, in the order in which they were
    set; their names join the attribute's name and the index with dots, as PyTorch's do.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.intercept = Value(2.0), Value(1.0)
    >>> [(name, value.data) for name, value in Line().named_parameters()]
    [('slope', 2.0), ('intercept', 1.0)]
    """

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Value]]:
        """Every parameter with its name, such as `layers.0.neurons.2.weights.1`, after the prefix.

        One that is found in several places is given once, under its first name, so that an
        optimiser moves it once.
        """
        for name, item in _found(self, prefix, inside=True):
            if isinstance(item, Value):
                yield name, item

    def parameters(self) -> list[Value]:
        """Every parameter, in the order of `named_parameters`."""
        return [value for _, value in self.named_parameters()]

    def zero_grad(self) -> None:
        """Set the grad of every parameter to 0."""
        zero_grad(self.parameters())

    def state_dict(self) -> dict[str, Any]:
        """Every parameter's number by name; a layer's as PyTorch's Linear holds them.

        That is a `weight` with one row for each neuron, and a `bias`.

        >>> from nn import MLP
        >>> import random
        >>> state = MLP(2, [1], rng=random.Random(0)).state_dict()
        >>> state.keys(), len(state["layers.0.weight"][0]), state["layers.0.bias"]
        (dict_keys(['layers.0.weight', 'layers.0.bias']), 2, [0.0])
        """
        return read(tensors(self))

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> Mismatch:
        """Take the numbers of a state: nested lists, or arrays, of the same names and shapes.

        Without `strict` names may be missing or unexpected; the result has them. Raises a
        ValueError that lists what does not fit, a TypeError for what is not a number; then the
        model is unchanged.

        >>> class Line(Module):
        ...     def __init__(self):
        ...         self.slope, self.intercept = Value(2.0), Value(1.0)
        >>> line = Line()
        >>> line.load_state_dict({"slope": 3.0}, strict=False)
        Mismatch(missing_keys=['intercept'], unexpected_keys=[])
        >>> line.slope.data
        3.0
        """
        return write(tensors(self), state, strict)

    def named_tensors(self, prefix: str = "") -> Iterator[tuple[str, Any]]:
        """Its Values as a state holds them, by name: one each, or a module's own nested lists."""
        for name, item in _found(self, prefix, inside=False):
            if isinstance(item, Module):
                yield from item.named_tensors(name)
            else:
                yield name, item

    training: bool = True
    """Whether it is in training, as PyTorch's modules have it; `train` and `eval` set it."""

    def train(self, mode: bool = True) -> Self:
        """Put it, and every module in it, in training mode (or not); gives itself."""
        self.__dict__["training"] = mode
        for _, child in self.children():
            child.train(mode)
        return self

    def eval(self) -> Self:
        """Put it, and every module in it, in evaluation mode: no dropout. Gives itself."""
        return self.train(False)

    def children(self) -> Iterator[tuple[str, Module]]:
        """The modules that this one is directly made of, with their names, each once."""
        for name, item in _found(self, "", inside=False):
            if isinstance(item, Module):
                yield name, item

    level: str | None = None
    """What kind of group this is in a picture: "neuron", "layer"; None for no group of its own."""
    number: str = ""
    """Which of its kind it is among those beside it, for its name in a picture."""

    def groups(self) -> list[Group]:
        """How a picture frames this module: its layers, in them their neurons (see `autograd.draw`)."""
        inside = [group for _, child in self.children() for group in child.groups()]
        if self.level is None:
            return inside
        name = f"{type(self).__name__} {self.number}".strip()
        own = () if inside else tuple(self.parameters())
        return [Group(name, self.describe(), self.level, own, tuple(inside))]

    def describe(self) -> str:
        """What stands in the parentheses of the repr: shapes, the activation."""
        return ""

    def __call__(self, *inputs: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} needs a __call__ that computes its output")

    def __repr__(self) -> str:
        return "\n".join(_tree(self))


def _found(module: Module, prefix: str, inside: bool) -> Iterator[tuple[str, Any]]:
    """Every Value and module in a module's attributes once, with its name; also `inside` its modules."""
    seen = {id(module)}
    waiting = _parts(module, prefix)
    while waiting:
        name, item = waiting.pop()
        if isinstance(item, list | tuple):
            waiting += _parts(item, name)
        elif isinstance(item, Value | Module) and id(item) not in seen:
            seen.add(id(item))
            yield name, item
            if inside and isinstance(item, Module):
                waiting += _parts(item, name)


def tensors(module: Module) -> dict[str, Any]:
    """What a state holds: each parameter once, under its first name, and none left out.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.intercept = Value(2.0), Value(1.0)
    >>> tensors(Line())["slope"].data
    2.0
    """
    found: dict[str, Any] = {}
    seen: set[int] = set()
    for name, tensor in [*module.named_tensors(), *module.named_parameters()]:
        new = {id(value) for value in flat(tensor)} - seen
        if new:
            found[name] = tensor
            seen |= new
    return found


def _parts(whole: Any, name: str) -> list[tuple[str, Any]]:
    """The attributes of a module or the items of a list, named, the last one first."""
    parts = vars(whole).items() if isinstance(whole, Module) else enumerate(whole)
    return [(f"{name}.{key}" if name else str(key), part) for key, part in parts][::-1]


def _tree(module: Module, name: str = "", indent: str = "") -> Iterator[str]:
    """The lines of the repr; runs of children that look alike are told once, with their count."""
    count = len(module.parameters())
    head = f"{name}: " if name else ""
    many = "parameter" if count == 1 else "parameters"
    yield f"{indent}{head}{type(module).__name__}({module.describe()})  {count} {many}"
    children = list(module.children())
    while children:
        first, child = children[0]
        alike = [n for n, other in children if _outline(other) == _outline(child)]
        run = next((k for k, (n, _) in enumerate(children) if k >= len(alike) or n != alike[k]), len(children))
        label = first if run == 1 else f"{first} ... {children[run - 1][0].rsplit('.', 1)[-1]}"
        yield from _tree(child, label, indent + "  ")
        children = children[run:]


def _outline(module: Module) -> str:
    return f"{type(module).__name__}({module.describe()})"
