"""Value: a number that remembers how it was computed and propagates gradients back."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable, Iterable
from itertools import repeat
from typing import TYPE_CHECKING, Any, NoReturn, final

from .functions import Operations
from .graph import ERA, TURN, backward, topological_order
from .modes import CURRENT, always_recording, is_being_differentiated
from .ops.op import Op
from .ops.operands import (
    DIFFERENT,
    NEGATION,
    NOT_THE_SAME,
    Identity,
    is_number,
    is_plain,
    no_number,
    number,
)
from .pickling import copied, finish, reduced
from .recording import RECORDED, Unrecorded, bind
from .terminal import kind_of, quoted

if TYPE_CHECKING:
    from .checking.report import Report
    from .stepping.backprop import Backprop


def _comparison(name: str, compare: Callable[[Any, Any], bool]) -> Callable[[Value, Any], bool]:
    """Return a comparison method, which returns NotImplemented for other operands than numbers."""

    def compared(self: Value, other: Any) -> bool:
        if (mode := CURRENT.get()) is not None and mode.tracer is not None:
            return mode.tracer.compare(name, self, other)  # type: ignore[no-any-return]
        if other.__class__ is not Value and not is_plain(other):
            return NotImplemented  # type: ignore[no-any-return]
        return bool(compare(self._data, getattr(other, "_data", other)))

    return compared


def _combination(sign: str) -> Callable[[Value, Any], Value]:
    """Return a method for & | ^, which combine conditions: only in a traced function are those Values."""

    def combined(self: Value, other: Any) -> Value:
        mode = CURRENT.get()
        found = mode.tracer.combine(sign, self, other) if mode is not None and mode.tracer is not None else None
        if found is None:
            raise TypeError(f"the operands of {sign} must be conditions, such as x > 0, not Values")
        return found  # type: ignore[no-any-return]

    return combined


@final
class Value(Operations):
    """A real number (float64) and a node of the graph that computed it.

    Operators and functions on Values return new Values that remember their operands and the partial
    derivatives with respect to them. `y.backward()` then sets the `grad` of every Value that y depends
    on to the derivative of y with respect to it. Two Values are equal only if they are the same node;
    `<`, `<=`, `>` and `>=` compare the numbers. A Value is not a float: `math.sin(value)` raises
    TypeError, because it would silently cut the graph; use `autograd.sin`.

    Raises TypeError if `data` is not a real number (bool and str are not allowed) or `label` not a str.

    >>> x, w = Value(2.0, "x"), Value(-3.0, "w")
    >>> y = (w * x).tanh() + x ** 2
    >>> y.backward()
    >>> y.data, x.grad
    (3.0000122883492044, 3.999926270357784)
    """

    __slots__ = ("_data", "_dx", "_dy", "_label", "_x", "_y", "era", "grad", "op")  # see graph.py

    _data: float
    """The number behind `data`, for the engine's own use: an attribute is faster than a property."""
    _label: str
    _x: Any
    _y: Any
    _dx: Any
    _dy: Any
    era: int
    """When it was created: the number of derivatives that had begun (see graph.py)."""
    grad: Any
    """A float; after `backward(create_graph=True)` a Value."""
    op: Op | None
    """The operation that computed it; None for a leaf."""

    def __init__(self, data: Any, label: str = "", **unknown: NoReturn) -> None:
        if unknown:
            raise _unknown_option("Value", unknown)
        self._data = data if data.__class__ is float else number(data, "a real number as data")
        if label.__class__ is str:
            self._label = label
        else:
            self.label = label  # raises TypeError, except for a subclass of str
        self.era = ERA[0]
        self.grad = 0.0
        self.op = None
        self._x = self._y = self._dx = self._dy = None

    @property
    def data(self) -> float:
        """Return the number. Assigning another one does not recompute the results that depend on it.

        Raises TypeError for an assigned object that is not a real number.

        >>> x = Value(2.0)
        >>> x.data = 3
        >>> x.data
        3.0
        """
        if (mode := CURRENT.get()) is not None and mode.tracer is not None:
            mode.tracer.read_data(self)
        return self._data

    @data.setter
    def data(self, data: Any) -> None:
        if (mode := CURRENT.get()) is not None and mode.tracer is not None:
            mode.tracer.write("an assignment to data")
        self._data = number(data, "a real number as data")

    @property
    def operands(self) -> tuple[Any, ...]:
        """Return what the operation was applied to: Values, and floats for plain numbers.

        >>> x = Value(2.0)
        >>> (x * 3).operands == (x, 3.0), x.operands
        (True, ())
        """
        x, y = self._x, self._y
        if x is None:
            return y or ()
        return (x,) if y is None else (x, y)

    @operands.setter
    def operands(self, operands: tuple[Any, ...]) -> None:
        few = 1 <= len(operands) <= 2
        self._x, self._y = (*operands, None)[:2] if few else (None, operands or None)

    @property
    def partials(self) -> tuple[float | None, ...]:
        """Return the derivative with respect to each operand, fixed when recorded; None for a plain number.

        >>> (Value(2.0) * 3).partials
        (3.0, None)
        """
        if self._x is None:
            return () if self._dy is None else self._dy
        return (self._dx,) if self._y is None else (self._dx, self._dy)

    @partials.setter
    def partials(self, partials: tuple[float | None, ...]) -> None:
        self._dx, self._dy = (None, partials) if self._x is None else (*partials, None, None)[:2]

    @property
    def label(self) -> str:
        """Return the name used in pictures, steps and errors; empty by default."""
        return self._label

    @label.setter
    def label(self, label: str) -> None:
        if not isinstance(label, str):
            raise TypeError(f"label must be a str, not {quoted(label)} of type {kind_of(label)}")
        self._label = label

    # Names known from micrograd and PyTorch.

    def item(self) -> float:
        """Return the number, like `data`: PyTorch's name.

        >>> (Value(2.0) * 3.0).item()
        6.0
        """
        return self.data

    @property
    def _prev(self) -> set[Value]:
        """Return the Values among `operands`: micrograd's name."""
        return {operand for operand in self.operands if isinstance(operand, Value)}

    @property
    def _op(self) -> str:
        """Return the symbol or name of the operation, empty for a leaf: micrograd's name for `op`."""
        if self.op is None:
            return ""
        parts = self.op.written.split()
        return parts[1] if len(parts) == 3 else self.op.name

    def _backward(self) -> None:
        """Add this node's contributions to its operands' grads: one step of micrograd's backward pass.

        >>> x, y = Value(2.0), Value(3.0)
        >>> z = x * y
        >>> z.grad = 1.0
        >>> z._backward()
        >>> x.grad, y.grad, z._op
        (3.0, 2.0, '*')
        """
        for operand, partial in zip(self.operands, self.partials, strict=True):
            if partial is not None:
                operand.grad += self.grad * partial

    def conjugate(self) -> Value:
        """Return itself, as for every real number; numpy's var and vdot call it.

        >>> x = Value(3.0)
        >>> x.conjugate() is x
        True
        """
        return self

    if TYPE_CHECKING:

        def __lt__(self, other: float | Value, /) -> bool: ...
        def __le__(self, other: float | Value, /) -> bool: ...
        def __gt__(self, other: float | Value, /) -> bool: ...
        def __ge__(self, other: float | Value, /) -> bool: ...
    else:
        __lt__, __le__ = _comparison("lt", operator.lt), _comparison("le", operator.le)
        __gt__, __ge__ = _comparison("gt", operator.gt), _comparison("ge", operator.ge)

    def __bool__(self) -> bool:
        if (mode := CURRENT.get()) is not None and mode.tracer is not None:
            mode.tracer.branch(self)
        return self._data != 0

    def backward(self, gradient: float = 1.0, create_graph: bool = False, **unknown: NoReturn) -> None:
        """Add gradient * d self / d leaf to the grad of every leaf that this Value depends on.

        The grads of leaves accumulate from call to call; those of interior nodes belong to the last
        call. Threads take turns. With `create_graph` the grads are Values, recorded like any other, so
        that they can be differentiated again.

        Raises ValueError if this Value was computed inside `no_grad()`, and StaleGraphError if
        `create_graph` needs a number that has been overwritten since the forward pass.

        >>> x = Value(2.0)
        >>> y = x * x * x
        >>> y.backward()
        >>> y.backward()
        >>> x.grad
        24.0
        """
        if (mode := CURRENT.get()) is not None and mode.tracer is not None:
            mode.tracer.write("backward()")
        if unknown:
            raise _unknown_option("backward", unknown)
        if self._dy.__class__ is Unrecorded:
            raise ValueError(
                f"backward() from {self.label or 'a Value'} = {quoted(self._data)}, which was computed inside "
                "no_grad(), so that it has no recorded operands: compute it outside of the block, or inside "
                "enable_grad()"
            )
        if not create_graph:
            with TURN:
                backward(self, number(gradient, "a real number as gradient"))
            return
        from .differentiation import pull_back

        with always_recording():
            arrived = pull_back(self, number(gradient), create_graph=True)
            with TURN:
                self._receive(arrived)

    def _receive(self, arrived: dict[Value, Any]) -> None:
        """Set the grad of every node to the gradient that arrived at it, as a Value of its own, at once."""
        taken: set[Value] = set(arrived)  # nodes of the graph: no grad may be one of its parameters
        nodes, grads = topological_order(self), []
        for node in nodes:
            old = None if node.operands else node.grad
            if old is not None and not isinstance(old, Value) and not is_number(old):
                raise TypeError(
                    f"the grad of {node.label or 'a leaf'} is {quoted(old)}: it must be a number or None"
                )
            new = arrived.get(node)
            if new is None:
                grads.append(0.0 if old is None else old)
                continue
            if not isinstance(new, Value):
                new = Value(new)
            elif new in taken:
                new = +new
            taken.add(new)
            grads.append(new if old is None or _is_zero(old) else old + new)
        deque(map(setattr, nodes, repeat("grad"), grads), maxlen=0)  # in C, which Ctrl-C does not interrupt

    def _as_number(self, *_: Any) -> NoReturn:
        """Refuse the conversion to a Python number, which would silently cut the graph."""
        raise TypeError(no_number())

    if TYPE_CHECKING:

        def __round__(self) -> Value: ...
        def __floor__(self) -> Value: ...
        def __ceil__(self) -> Value: ...
        def __trunc__(self) -> Value: ...
    else:  # a type checker would accept a Value as a float
        __float__ = __int__ = __complex__ = _as_number

        def __round__(self, digits=None):
            return RECORDED["round"](self) if digits is None else self._as_number()

        def __floor__(self):  # numpy calls these three for arrays of Values
            return RECORDED["floor"](self)

        def __ceil__(self):
            return RECORDED["ceil"](self)

        def __trunc__(self):
            return RECORDED["trunc"](self)

        __and__ = __rand__ = _combination("&")
        __or__ = __ror__ = _combination("|")
        __xor__ = __rxor__ = _combination("^")

        def __invert__(self):
            raise TypeError(f"~ negates neither a Value nor a comparison. {NEGATION}")

    def __divmod__(self, other: float | Value) -> tuple[Value, Value]:
        return self // other, self % other

    def __rdivmod__(self, other: float) -> tuple[Value, Value]:
        return other // self, other % self

    def zero_grad(self) -> None:
        """Set the grad of every node that this one depends on, and its own, to 0.

        >>> x = Value(2.0)
        >>> y = x * x
        >>> y.backward()
        >>> y.zero_grad()
        >>> x.grad
        0.0
        """
        zero_grad(topological_order(self))

    def detach(self) -> Value:
        """Return a leaf with the same number and label, from which no gradient flows back.

        >>> x = Value(3.0)
        >>> y = x.detach() * x
        >>> y.backward()
        >>> x.grad
        3.0
        """
        if (mode := CURRENT.get()) is not None and mode.tracer is not None:
            return mode.tracer.detach(self)  # type: ignore[no-any-return]
        return Value(self._data, self.label)

    def backprop(self, gradient: float = 1.0) -> Backprop:
        """Return the backward pass as a `Backprop`, to step through one chain-rule application at a time.

        >>> x = Value(3.0, "x")
        >>> (x * x).backprop().finish()
        Backprop of v1 = x * x: 2 values, 2 chain-rule steps, 2 done
          every grad is what backward() gives
        >>> x.grad
        6.0
        """
        from .stepping.backprop import Backprop

        return Backprop(self, gradient)

    def check(self, order: int = 1) -> Report:
        """Check the gradient, and return a report that names the operation behind an error.

        `order` 2 or 3 checks the higher derivatives too; see `autograd.checking`. Needs the extra
        `check`, else raises ImportError. No grad is changed.

        >>> x = Value(0.5)
        >>> (x.exp() * x).check().verdict
        'right'
        """
        from .checking.checker import check

        return check(self, order)

    def __eq__(self, other: object) -> bool:
        """Return whether it is the same node. Raises TracingError inside a function being compiled."""
        if (mode := CURRENT.get()) is not None and mode.by_number:
            return bool(self._data == getattr(other, "_data", other))
        if self is other:
            return True
        if not is_plain(other) and other.__class__ is not Value:
            return NotImplemented
        if mode is not None and mode.tracer is not None:
            mode.tracer.equal(self, other)
        return DIFFERENT  # type: ignore[return-value]

    def __ne__(self, other: object) -> bool:
        found: Any = self.__eq__(other)
        if found is NotImplemented:
            return found  # type: ignore[no-any-return]
        return NOT_THE_SAME if isinstance(found, Identity) else not found  # type: ignore[return-value]

    if TYPE_CHECKING:

        def __hash__(self) -> int: ...
    else:
        __hash__ = object.__hash__

    def latex(self) -> str:
        """Return the value as an equation in LaTeX: its label, how it was computed, and its number.

        >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
        >>> (a * b + 1).latex()
        'a\\\\,b + 1 = -5.0000'
        """
        from .drawing.latex import latex_value

        return latex_value(self)

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"

    def __repr__(self) -> str:
        from .formulas import LONGEST_NAME

        label = f", label={quoted(self.label, LONGEST_NAME)}" if self.label else ""
        op = f", op={self.op.name!r}" if self.op else ""
        return f"Value({self._data!r}{label}{op}, grad={self.grad!r})"

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        finish(self, state)

    def __copy__(self) -> Value:
        return self if is_being_differentiated(self) else copied(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        """Return a copy with leaves of its own; inside a function that is differentiated, this Value.

        There a new leaf would cut the graph: `dataclasses.asdict` copies deeply, for example.
        """
        return self if is_being_differentiated(self) else copied(self, memo)

    def __init_subclass__(cls) -> None:
        raise TypeError("Value cannot be subclassed: keep one in an attribute, or declare an operation")


bind(Value)


def _is_zero(grad: Any) -> bool:
    """Return whether a grad has received nothing yet; a Value has, even if its number is 0."""
    return not isinstance(grad, Value) and grad == 0


def zero_grad(values: Iterable[Value]) -> None:
    """Set the grad of each Value to 0, such as those of a model's parameters before the next pass.

    Raises TypeError for anything but an iterable of Values.

    >>> x = Value(2.0)
    >>> (x * x).backward()
    >>> zero_grad([x])
    >>> x.grad
    0.0
    """
    if isinstance(values, Value):
        raise TypeError(
            "zero_grad takes a list or set of Values; for one and all that it depends on use value.zero_grad()"
        )
    if not isinstance(values, Iterable):
        raise TypeError(
            f"zero_grad takes a list or set of Values, got {quoted(values)} of type {kind_of(values)}; a "
            "model and an optimiser have a zero_grad() of their own"
        )
    for value in values:
        if not isinstance(value, Value):
            raise TypeError(f"zero_grad takes Values, not {quoted(value)}")
        value.grad = 0.0


def _unknown_option(function: str, given: Iterable[str]) -> TypeError:
    from .guidance.advice import unknown_option

    return TypeError(unknown_option(function, given))


def label(names: dict[str, Any] | None = None, /, **values: Any) -> None:
    """Set the labels of Values to their names: `label(a=x, b=y)`, or all variables: `label(locals())`.

    The items of a list or tuple get an index: `w[0]`, `w[1]`. In a dict, names with a leading underscore
    and objects that are not Values are skipped; a keyword argument that is not a Value, or a list of
    Values, raises TypeError.

    >>> x, ws = Value(1.0), [Value(2.0), Value(3.0)]
    >>> label(x=x, w=ws)
    >>> x.label, ws[1].label
    ('x', 'w[1]')
    """
    names = {} if names is None else names
    if not isinstance(names, dict) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"label takes keyword arguments, or a dict with str keys, got {quoted(names)}")
    found = {key: value for key, value in names.items() if not key.startswith("_")}
    for name, value in (found | values).items():
        if isinstance(value, Value):
            value.label = name
        elif isinstance(value, list | tuple) and value and all(isinstance(item, Value) for item in value):
            for index, item in enumerate(value):
                item.label = f"{name}[{index}]"
        elif name in values:
            raise TypeError(f"label({name}=...) must be a Value or a list of Values, got {quoted(value)}")
