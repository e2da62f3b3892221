"""Value: a number that remembers how it was computed, and can send a gradient back."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable, Iterable
from itertools import repeat
from typing import TYPE_CHECKING, Any, NoReturn, final

from .differentiation import pull_back
from .functions import Operations
from .graph import TURN, backward, topological_order
from .modes import CURRENT, always_recording
from .ops.op import Op
from .pickling import finish, reduced
from .recording import (
    DIFFERENT,
    NOT_THE_SAME,
    RECORDED,
    Identity,
    Unrecorded,
    bind,
    is_number,
    no_number,
    number,
)

if TYPE_CHECKING:
    from .checking.report import Report
    from .stepping.backprop import Backprop


def _comparison(name: str, compare: Callable[[Any, Any], bool]) -> Callable[[Value, Any], bool]:
    """The method that compares a Value's number, and declines what is not a number as operators do."""

    def compared(self: Value, other: Any) -> bool:
        if (mode := CURRENT.get()) is not None and mode.tracer is not None:
            return mode.tracer.compare(name, self, other)  # type: ignore[no-any-return]
        if other.__class__ is not Value and not is_number(other):
            return NotImplemented  # type: ignore[no-any-return]
        return bool(compare(self._data, getattr(other, "_data", other)))

    return compared


@final
class Value(Operations):
    """A real number (float64) and a node of the graph that computed it.

    Operators and functions on Values give new Values that remember their operands and the partial
    derivatives towards them. `backward()` then gives every Value its gradient in `grad`: the
    derivative of the one by the other. Two Values are equal only if they are the same node;
    `<`, `<=`, `>` and `>=` compare the numbers. A Value is not a float: `math.sin(value)` is a
    TypeError, because it would cut the graph without a word; use `autograd.sin`.

    Raises TypeError for anything but a real number (a bool and a text are not numbers here).

    >>> x, w = Value(2.0, "x"), Value(-3.0, "w")
    >>> y = (w * x).tanh() + x ** 2
    >>> y.backward()
    >>> y.data, x.grad
    (3.0000122883492044, 3.999926270357784)
    """

    __slots__ = ("_data", "_label", "grad", "op", "operands", "partials")

    _data: float
    """What `data` shows, for the engine's own use: an attribute is faster than a property."""
    _label: str
    grad: Any
    """A float; after `backward(create_graph=True)` a Value."""
    op: Op | None
    """The operation that computed it; None for a leaf."""
    operands: tuple[Any, ...]
    """What the operation was applied to: Values, and floats for plain numbers."""
    partials: tuple[float | None, ...]
    """For each operand the derivative towards it, fixed at birth; None for a plain number."""

    def __init__(self, data: Any, label: str = "") -> None:
        self._data = number(data, "a real number as data")
        self.label = label
        self.grad = 0.0
        self.op = None
        self.operands = ()
        self.partials = ()

    @property
    def data(self) -> float:
        """The number. What is assigned becomes a float, or is a TypeError; no result is computed anew.

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
    def label(self) -> str:
        """The name it goes by in pictures, steps and errors; empty where it has none."""
        return self._label

    @label.setter
    def label(self, label: str) -> None:
        if not isinstance(label, str):
            raise TypeError(f"a label is a text, not {label!r} of type {type(label).__name__}")
        self._label = label

    if not TYPE_CHECKING:  # a type checker would take a Value for a float

        def __float__(self) -> float:
            raise TypeError(
                "must be real number, not Value: a float would cut the graph. Use autograd's functions in the "
                "place of math's, such as autograd.sin, or .data for the number alone"
            )

    # Words that people know from micrograd and PyTorch.

    def item(self) -> float:
        """The number, as `data` gives it: PyTorch's word.

        >>> (Value(2.0) * 3.0).item()
        6.0
        """
        return self.data

    @property
    def _prev(self) -> set[Value]:
        """The Values that it was computed from: micrograd's word for the nodes among `operands`."""
        return {operand for operand in self.operands if isinstance(operand, Value)}

    @property
    def _op(self) -> str:
        """The sign or name of the operation that computed it, empty for a leaf: micrograd's word for `op`."""
        if self.op is None:
            return ""
        parts = self.op.written.split()
        return parts[1] if len(parts) == 3 else self.op.name

    def _backward(self) -> None:
        """Add to each operand's grad what this node's grad sends back: one step of micrograd's backward pass.

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
        """Itself, as of every real number; numpy's var and vdot ask for it."""
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

    def backward(self, gradient: float = 1.0, create_graph: bool = False) -> None:
        """Send `gradient` back: every leaf's grad grows by gradient * d self / d leaf.

        Leaves accumulate from call to call, once each call; the grads of the nodes in between
        belong to the last call; threads take turns. With `create_graph` the grads are Values,
        recorded like any other, so that they can be differentiated in turn. Raises
        StaleGraphError if that needs a number that has been overwritten since the forward pass.

        >>> x = Value(2.0)
        >>> y = x * x * x
        >>> y.backward()
        >>> y.backward()
        >>> x.grad
        24.0
        """
        if (mode := CURRENT.get()) is not None and mode.tracer is not None:
            mode.tracer.write("backward()")
        if self.partials.__class__ is Unrecorded:
            raise ValueError(
                f"backward() from {self.label or 'a Value'} = {self._data!r}, computed inside no_grad(): "
                "no gradient would go anywhere. Compute it outside"
            )
        if not create_graph:
            with TURN:
                backward(self, number(gradient, "a real number as gradient"))
            return
        with always_recording():
            arrived = pull_back(self, number(gradient), create_graph=True)
            with TURN:
                self._receive(arrived)

    def _receive(self, arrived: dict[Value, Any]) -> None:
        """Give every node the gradient that has arrived at it, as a Value of its own, all at once."""
        taken: set[Value] = set(arrived)  # nodes of the graph: no grad may be one of its parameters
        nodes, grads = topological_order(self), []
        for node in nodes:
            old = None if node.operands else node.grad
            if old is not None and not isinstance(old, Value) and not is_number(old):
                raise TypeError(f"the grad of {node.label or 'a leaf'} is {old!r}: it must be a number or None")
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
        deque(map(setattr, nodes, repeat("grad"), grads), maxlen=0)  # in C code, which Ctrl-C does not stop

    def _as_number(self, *_: Any) -> NoReturn:
        """Refuse to become a Python number, which would cut the graph without a word."""
        raise TypeError(no_number(self))

    if not TYPE_CHECKING:
        __float__ = __int__ = __complex__ = _as_number

        def __round__(self, digits=None):
            return RECORDED["round"](self) if digits is None else self._as_number()

        def __floor__(self):  # numpy calls these three for arrays of Values
            return RECORDED["floor"](self)

        def __ceil__(self):
            return RECORDED["ceil"](self)

        def __trunc__(self):
            return RECORDED["trunc"](self)

        def __divmod__(self, other):
            return self // other, self % other

        def __rdivmod__(self, other):
            return other // self, other % self

        def __and__(self, other):
            return _both(self, other, "&")

        def __or__(self, other):
            return _both(self, other, "|")

        __rand__, __ror__ = __and__, __or__

        def __invert__(self):
            if (mode := CURRENT.get()) is None or mode.tracer is None:
                raise TypeError(_NO_CONDITION.format("~"))
            return RECORDED["where"](self, 0.0, 1.0)

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
        """A leaf with the same number and label, from which no gradient goes back.

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
        """The backward pass as a `Backprop`, to go through one chain-rule application at a time.

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
        """Check the gradient: a report, with the operation that causes the error where there is one.

        See `autograd.checking`; needs the extra `check`. No grad is touched.

        >>> x = Value(0.5)
        >>> (x.exp() * x).check().verdict
        'right'
        """
        from .checking.checker import check

        return check(self, order)

    def __eq__(self, other: object) -> bool:
        """Whether it is the same node; while a function is compiled, with a number, an error."""
        if self is other:
            return True
        if not is_number(other) and other.__class__ is not Value:
            return NotImplemented
        if (
            (mode := CURRENT.get()) is not None
            and mode.tracer is not None
            and (is_number(other) or other.__class__ is Value)
        ):
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
        label = f", label={self.label!r}" if self.label else ""
        op = f", op={self.op.name!r}" if self.op else ""
        return f"Value({self._data!r}{label}{op}, grad={self.grad!r})"

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        finish(self, state)

    def __init_subclass__(cls) -> None:
        raise TypeError("Value cannot be subclassed: hold one in a field, or declare an operation")


_NO_CONDITION = "{} takes conditions, such as x > 0, not Values: a comparison gives True or False"


def _both(first: Value, second: Any, sign: str) -> Any:
    """Two conditions as one, while a function is traced; of Values that are numbers an error."""
    if (mode := CURRENT.get()) is None or mode.tracer is None:
        raise TypeError(_NO_CONDITION.format(sign))
    where = RECORDED["where"]
    if not isinstance(second, Value):
        second = float(bool(second))
    return where(first, second, 0.0) if sign == "&" else where(first, 1.0, second)


bind(Value)


def _is_zero(grad: Any) -> bool:
    """Whether nothing has arrived yet; a Value has, even if its number is 0."""
    return not isinstance(grad, Value) and grad == 0


def zero_grad(values: Iterable[Value]) -> None:
    """Set the grad of each of the values to 0: the leaves of a model, say, before the next pass.

    >>> x = Value(2.0)
    >>> (x * x).backward()
    >>> zero_grad([x])
    >>> x.grad
    0.0
    """
    if isinstance(values, Value):
        raise TypeError(
            "zero_grad takes a list or set of Values: for all that one depends on, value.zero_grad()"
        )
    for value in values:
        if not isinstance(value, Value):
            raise TypeError(f"zero_grad takes Values, not {value!r}")
        value.grad = 0.0


def label(names: dict[str, Any] | None = None, /, **values: Any) -> None:
    """Label Values by the names they go by: `label(a=x, b=y)`, or everything with `label(locals())`.

    In a list or tuple of Values each gets its index: `w[0]`, `w[1]`. From a dict, whatever is not a
    Value is passed over, and so are names with a leading underscore; as a keyword it is a TypeError.

    >>> x, ws = Value(1.0), [Value(2.0), Value(3.0)]
    >>> label(x=x, w=ws)
    >>> x.label, ws[1].label
    ('x', 'w[1]')
    """
    names = {} if names is None else names
    if not isinstance(names, dict) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"label takes names as keywords, or a dict with texts as keys, not {names!r}")
    found = {key: value for key, value in names.items() if not key.startswith("_")}
    for name, value in (found | values).items():
        if isinstance(value, Value):
            value.label = name
        elif isinstance(value, list | tuple) and value and all(isinstance(item, Value) for item in value):
            for index, item in enumerate(value):
                item.label = f"{name}[{index}]"
        elif name in values:
            raise TypeError(f"label({name}=...) takes a Value, or a list of Values, not {value!r}")
