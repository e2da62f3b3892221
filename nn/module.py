"""Module: the base class of everything with parameters; modules can contain modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from autograd import Value, zero_grad
from autograd.nested import flatten
from autograd.terminal import brief, kind_of, plural

from .state import Mismatch, read, write

if TYPE_CHECKING:
    from typing_extensions import Self

    from autograd import Group


class Module:
    """The base class of everything with parameters: Values, or modules, in its attributes.

    A subclass computes its output in `forward`. Parameters are leaf Values in attributes, and in
    lists, tuples, dicts and object arrays in them, in the order in which they were set; their names
    join the attribute's name and the index or key with dots, as PyTorch's do.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.intercept = Value(2.0), Value(1.0)
    ...
    ...     def forward(self, x):
    ...         return self.slope * x + self.intercept
    >>> Line()(3.0).data, [(name, value.data) for name, value in Line().named_parameters()]
    (7.0, [('slope', 2.0), ('intercept', 1.0)])
    """

    if TYPE_CHECKING:
        forward: Callable[..., Any]  # which a subclass may define with any parameters
    else:

        def forward(self, *inputs):
            """Compute the output; subclasses define it, and calling the module calls it."""
            raise NotImplementedError(f"{kind_of(self)} needs a forward that computes its output")

    def __call__(self, *inputs: Any) -> Any:
        try:
            return self.forward(*inputs)
        except TypeError as error:
            if len(inputs) > 1 and error.__traceback__ is not None and error.__traceback__.tb_next is None:
                raise TypeError(f"{error}: a model takes one example, as one list, [x0, x1]") from None
            raise

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Value]]:
        """Yield every parameter with its name after the prefix, such as `layers.0.neurons.2.weights.1`.

        A shared parameter is yielded once, under its first name, so that an
        optimiser moves it once.
        """
        for name, item in _found(self, prefix):
            if isinstance(item, Value):
                yield name, item

    def parameters(self) -> list[Value]:
        """Return every parameter, in the order of `named_parameters`.

        >>> from nn import MLP
        >>> len(MLP(2, [3, 1]).parameters())
        13
        """
        return [value for _, value in self.named_parameters()]

    def zero_grad(self) -> None:
        """Set the grad of every parameter to 0.

        >>> from nn import Neuron
        >>> neuron = Neuron(1, rng=0)
        >>> neuron([2.0]).backward()
        >>> neuron.zero_grad()
        >>> neuron.bias.grad
        0.0
        """
        zero_grad(self.parameters())

    def state_dict(self) -> dict[str, Any]:
        """Return the parameters' numbers by name; those of a layer as in PyTorch's Linear.

        That is a `weight` with one row for each neuron, and a `bias`.

        >>> from nn import MLP
        >>> import random
        >>> state = MLP(2, [1], rng=random.Random(0)).state_dict()
        >>> state.keys(), len(state["layers.0.weight"][0]), state["layers.0.bias"]
        (dict_keys(['layers.0.weight', 'layers.0.bias']), 2, [0.0])
        """
        return read(tensors(self))

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> Mismatch:
        """Set the parameters from a state: nested lists, or arrays, of the same names and shapes.

        Without `strict` names may be missing or unexpected; the result lists them. Raises a
        ValueError that lists each mismatch, a TypeError for an entry that is not a number; then the
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
        """Yield the Values as a state arranges them, by name: nested lists, or single Values.

        >>> from nn import Layer
        >>> [name for name, tensor in Layer(2, 3).named_tensors()]
        ['weight', 'bias']
        """
        yield from ()

    training: bool = True
    """Whether the module is in training mode, as in PyTorch; `train` and `eval` set it."""

    def train(self, mode: bool = True) -> Self:
        """Put the module and its submodules in training mode (or evaluation mode); return the module.

        >>> from nn import Dropout
        >>> Dropout(0.5).eval().train().training
        True
        """
        for module in self.modules():
            module.__dict__["training"] = mode
        return self

    def eval(self) -> Self:
        """Put the module and its submodules in evaluation mode (no dropout); return the module.

        >>> from nn import Dropout
        >>> Dropout(0.5).eval()(2.0)
        2.0
        """
        return self.train(False)

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Yield the direct submodules with their names, each once.

        >>> from nn import MLP
        >>> [name for name, child in MLP(2, [3, 1]).named_children()]
        ['layers.0', 'layers.1']
        """
        for name, item in _found(self, inside=False):
            if isinstance(item, Module):
                yield name, item

    def children(self) -> Iterator[Module]:
        """Yield the direct submodules, each once.

        >>> from nn import MLP
        >>> len(list(MLP(2, [3, 1]).children()))
        2
        """
        return (child for _, child in self.named_children())

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """Yield this module, named by the prefix, and all submodules with their names, each once.

        >>> from nn import MLP
        >>> import random
        >>> [name for name, _ in MLP(1, [1], rng=random.Random(0)).named_modules()]
        ['', 'layers.0', 'layers.0.neurons.0']
        """
        yield prefix, self
        for name, item in _found(self, prefix):
            if isinstance(item, Module):
                yield name, item

    def modules(self) -> Iterator[Module]:
        """Yield this module and all submodules, each once.

        >>> from nn import MLP
        >>> len(list(MLP(2, [3, 1]).modules()))
        7
        """
        return (module for _, module in self.named_modules())

    level: str | None = None
    """The kind of its group in a picture: "neuron", "layer"; None for no group."""
    number: str = ""
    """Its index among its siblings of that kind, for its name in a picture."""

    def groups(self) -> list[Group]:
        """Return the groups of a picture: the layers, with their neurons inside (see `autograd.draw`).

        >>> from nn import MLP
        >>> [group.name for group in MLP(2, [3, 1]).groups()]
        ['Layer 0', 'Layer 1']
        """
        return _groups(self, frozenset())

    def describe(self) -> str:
        """Return the text in the parentheses of the repr: shapes, the activation."""
        return ""

    def _shown_children(self) -> list[tuple[str, Module]]:
        """Return the named modules that the repr lists below this one: its children."""
        return list(self.named_children())

    def __repr__(self) -> str:
        return "\n".join(_tree(self, frozenset()))


def _found(module: Module, prefix: str = "", inside: bool = True) -> Iterator[tuple[str, Any]]:
    """Yield every parameter and module once, with its name; without `inside`, only the direct ones."""
    seen = {id(module)}
    waiting = _parts(module, prefix)
    while waiting:
        name, item = waiting.pop()
        if isinstance(item, Value):
            if item.op is None and id(item) not in seen:  # a parameter is a leaf
                seen.add(id(item))
                yield name, item
        elif isinstance(item, Module):
            if id(item) not in seen:
                seen.add(id(item))
                yield name, item
                if inside:
                    waiting += _parts(item, name)
        elif isinstance(item, list | tuple | dict) or _is_object_array(item):
            waiting += _parts(item, name)


def tensors(module: Module) -> dict[str, Any]:
    """Return the entries of a state by name, with every parameter exactly once, under its first name.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.intercept = Value(2.0), Value(1.0)
    >>> tensors(Line())["slope"].data
    2.0
    """
    found: dict[str, Any] = {}
    seen: set[int] = set()
    for name, item in [("", module), *_found(module)]:
        for own, tensor in item.named_tensors(name) if isinstance(item, Module) else [(name, item)]:
            new = {id(value) for value in flatten(tensor)[0]} - seen
            if new:
                found[own] = tensor
                seen |= new
    return found


def _parts(whole: Any, name: str) -> list[tuple[str, Any]]:
    """Return the named attributes of a module, or the named items of a list or a dict, in reverse order."""
    if isinstance(whole, Module | dict):
        parts = list((vars(whole) if isinstance(whole, Module) else whole).items())
    else:
        parts = list(enumerate(whole))
    return [(f"{name}.{key}" if name else str(key), part) for key, part in reversed(parts)]


def _is_object_array(item: Any) -> bool:
    """Return whether an item is an array of objects, which may hold Values, of any package."""
    return getattr(getattr(item, "dtype", None), "kind", "") == "O" and getattr(item, "ndim", 0) > 0


def _groups(module: Module, above: frozenset[int]) -> list[Group]:
    """Return the group of a module with those of its submodules inside, or only the latter."""
    from autograd import Group  # a part of drawing, which a model does not need

    above |= {id(module)}  # a module may refer to its parent
    children = [child for child in module.children() if id(child) not in above]
    inside = [group for child in children for group in _groups(child, above)]
    if module.level is None:
        return inside
    name = f"{kind_of(module)} {module.number}".strip()
    own = () if inside else tuple(module.parameters())
    return [Group(name, module.describe(), module.level, own, tuple(inside))]


def _tree(module: Module, above: frozenset[int], name: str = "", indent: str = "") -> Iterator[str]:
    """Yield the lines of the repr; equal neighbouring children are shown once, with their range."""
    head = f"{brief(name)}: " if name else ""
    yield f"{indent}{head}{_outline(module)}  {plural(len(module.parameters()), 'parameter')}"
    above |= {id(module)}
    children = [(key, child) for key, child in module._shown_children() if id(child) not in above]
    while children:
        first, child = children[0]
        alike = [n for n, other in children if _outline(other) == _outline(child)]
        run = next((k for k, (n, _) in enumerate(children) if k >= len(alike) or n != alike[k]), len(children))
        label = first if run == 1 else f"{first} ... {children[run - 1][0].rsplit('.', 1)[-1]}"
        yield from _tree(child, above, label, indent + "  ")
        children = children[run:]


def _outline(module: Module) -> str:
    return f"{kind_of(module)}({brief(module.describe(), 200)})"
