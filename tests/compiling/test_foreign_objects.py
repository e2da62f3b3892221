"""Captured objects of other libraries are watched without running their code, and no change is missed."""

import array
import builtins
import collections
import concurrent.futures
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import inspect
import io
import logging
import math
import multiprocessing.shared_memory
import random
import sys
import types
import typing
import weakref

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

import nn
from autograd import Value, compile, grad, tanh
from autograd.compiling.trace.captures import Captures

X = 1.5


def fail(*args, **kwargs):
    raise RuntimeError("not loaded yet")


class Hostile:
    """An object that raises at every access, as a proxy or a lazily loaded object may do."""

    __class__ = property(fail)
    __getattr__ = __len__ = __iter__ = __bool__ = __eq__ = __hash__ = __contains__ = __getitem__ = fail
    __instancecheck__ = __reduce__ = __reduce_ex__ = __getstate__ = __repr__ = __str__ = __dir__ = fail
    __wrapped__ = __name__ = __doc__ = __signature__ = values = shape = dtype = _fields = property(fail)

    def __init__(self):
        self.scale = 2.0


class HostileMeta(type):
    __module__ = __mro__ = __bases__ = property(fail)
    __instancecheck__ = __subclasscheck__ = __getattr__ = __eq__ = __hash__ = fail


def of_hostile_meta():
    """Return a class that raises at every access; pytest would access it as a global of the module."""
    return HostileMeta("OfHostileMeta", (), {"scale": 3.0})


class Silent:
    """An object with a property in place of a standard attribute."""

    __dict__ = property(fail)
    __slots__ = ("scale",)


class HostileDict(dict):
    __iter__ = __len__ = keys = values = items = __getattr__ = __eq__ = fail
    __hash__ = None


class HostileList(list):
    __iter__ = __len__ = __getattr__ = __eq__ = fail
    __hash__ = None


class HostileModule(types.ModuleType):
    def __getattribute__(self, name):
        raise RuntimeError(name)


class HostileArray(np.ndarray):
    tobytes = shape = dtype = ravel = property(fail)


def hostile_objects():
    silent, module = Silent(), HostileModule("hostile")
    silent.scale = 1.0
    objects = np.empty(1, dtype=object)
    objects[0] = Hostile()
    return {
        "object": Hostile(), "class": of_hostile_meta(), "instance": of_hostile_meta()(), "silent": silent,
        "dict": HostileDict(a=1.0, b="text"), "list": HostileList([1.0, None]), "module": module,
        "array": np.zeros(2).view(HostileArray), "in a list": [Hostile(), 1.0], "in a tuple": (Hostile(), "a"),
        "in a dict": {"k": Hostile(), "n": None}, "in a partial": functools.partial(tanh, Hostile()),
        "in an attribute": types.SimpleNamespace(k=Hostile()),
        "in an array": objects,
    }  # fmt: skip


@pytest.mark.parametrize("where", list(hostile_objects()))
def test_a_captured_object_that_raises_at_every_access_does_not_prevent_compilation(where):
    held, factor = hostile_objects()[where], [2.0, None]

    def in_a_closure(x):
        return x * factor[0] if held is not None else x

    def by_any_name(x):
        return x * getattr(factor, "nothing", factor[0]) if held is not None else x

    in_globals = types.FunctionType(in_a_closure.__code__, {}, closure=in_a_closure.__closure__)
    in_globals.__globals__.update(held=held)
    for f in (in_a_closure, by_any_name, in_globals, functools.partial(lambda kept, x: in_a_closure(x), held)):
        factor[0] = 2.0
        fast = compile(f)
        assert fast(X) == 2.0 * X
        factor[0] = 3.0
        assert fast(X) == 3.0 * X


def test_the_attributes_of_an_object_that_raises_are_watched():
    held, of_meta = Hostile(), of_hostile_meta()()
    fast = compile(lambda x: x * held.scale + of_meta.scale)
    assert fast(X) == 2.0 * X + 3.0
    held.scale, of_meta.scale = 5.0, 7.0
    assert fast(X) == 5.0 * X + 7.0


def test_watching_an_object_runs_none_of_its_code():
    seen = []

    class Counting:
        k = 2.0
        other = property(lambda self: seen.append("property"))

        def __getattribute__(self, name):
            seen.append(name)
            return object.__getattribute__(self, name)

    class Module(types.ModuleType):
        def __getattribute__(self, name):
            seen.append(name)
            return super().__getattribute__(name)

    item, module = Counting(), Module("lazy")
    module.__dict__.update(k=2.0)
    seen.clear()
    captures = Captures(lambda x: x * item.k * module.k * item.other)
    assert not captures.changed()
    assert seen == []


def test_a_callable_object_that_raises_for_its_name_compiles():
    class Callable(Hostile):
        __class__ = object.__dict__["__class__"]

        def __call__(self, x):
            return x * self.scale

    f = Callable()
    fast = compile(f)
    assert fast(X) == 2.0 * X
    f.scale = 4.0
    assert fast(X) == 4.0 * X


@pytest.mark.slow
def test_only_the_named_entries_of_the_torch_module_are_watched():
    torch = pytest.importorskip("torch")
    layer, box = torch.nn.Linear(1, 1), types.SimpleNamespace(library=torch, scale=2.0)
    initialised = torch.cuda.is_initialized()

    def f(x):
        return x * layer.weight.item() * box.scale + torch.tensor(3.0).item()

    fast = compile(f)
    for number in (2.0, 5.0):
        with torch.no_grad():
            layer.weight.fill_(number)
        assert fast(X) == X * number * 2.0 + 3.0
    box.scale = 4.0
    assert fast(X) == X * 20.0 + 3.0
    assert torch.cuda.is_initialized() == initialised
    assert len(fast._store.captures._kept) < 2000


@pytest.mark.slow
def test_the_jax_module_is_not_searched():
    jax = pytest.importorskip("jax")
    k = [2.0]
    jitted = jax.jit(lambda t: t * k[0])
    fast = compile(lambda x: x * float(jax.numpy.asarray(3.0)) * k[0] + (0.0 if jitted is None else 1.0))
    assert fast(X) == X * 6.0 + 1.0
    k[0] = 3.0
    assert fast(X) == X * 9.0 + 1.0
    assert len(fast._store.captures._kept) < 2000


# Numbers in places that are seldom looked at.


def subclass_of(kind, *args, **namespace):
    """Return an object of a new class with an attribute, and functions that change it or the class's."""
    own = type("Own", (kind,), {"rate": 2.0} | namespace)
    made = own(*args) if kind is not np.ndarray else np.zeros(2).view(own)
    made.scale = 2.0
    return made, lambda: setattr(made, "scale", 3.0), lambda: setattr(own, "rate", 5.0)


@pytest.mark.parametrize(
    ("kind", "args"),
    [
        (float, (2.0,)), (int, (2,)), (str, ("a",)), (bytes, (b"a",)), (complex, (1j,)), (bytearray, (b"a",)),
        (list, ([1.0],)), (dict, ({"k": 1.0},)), (tuple, ([1.0],)), (frozenset, ([1.0],)),
        (collections.deque, ([1.0],)), (collections.OrderedDict, ()), (collections.Counter, ("aab",)),
        (array.array, ("d", [1.0])), (np.ndarray, ()), (np.float64, (2.0,)), (random.Random, (0,)),
        (fractions.Fraction, (1, 2)), (datetime.date, (2000, 1, 1)), (functools.partial, (math.sin,)),
        (types.ModuleType, ("own",)), (ValueError, ("a",)), (io.StringIO, ("a",)),
    ],
)  # fmt: skip
def test_a_users_class_that_derives_from_an_extension_type_is_watched(kind, args):
    item, *changes = subclass_of(kind, *args)
    fast = compile(lambda x: x * item.scale + item.rate)
    assert fast(X) == 2.0 * X + 2.0
    changes[0]()
    assert fast(X) == 3.0 * X + 2.0
    changes[1]()
    assert fast(X) == 3.0 * X + 5.0


class Kind(enum.Enum):
    FAST = 1
    LIST = [2.0]  # noqa: RUF012


def through_a_dataclass_made_by_a_function():
    own = dataclasses.make_dataclass("Own", [("a", float)])
    own.rate, item = 2.0, own(1.0)
    return lambda x: x * item.rate, lambda: setattr(own, "rate", 3.0)


def through_a_ufunc():
    k = [2.0]
    doubled = np.frompyfunc(lambda item: item * k[0], 1, 1)
    return lambda x: doubled(np.array([x], dtype=object))[0], lambda: k.__setitem__(0, 3.0)


def through_a_partial():
    bound = functools.partial(lambda k, x: k * x, 2.0)
    return bound, lambda: bound.__setstate__((bound.func, (3.0,), {}, {}))


def through_an_attribute_of_a_partial():
    bound = functools.partial(math.sin)
    bound.k = 2.0
    return lambda x: x * bound.k, lambda: setattr(bound, "k", 3.0)


def through_a_member_of_an_enumeration():
    Kind.FAST.k = 2.0
    return lambda x: x * Kind.FAST.k, lambda: setattr(Kind.FAST, "k", 3.0)


def through_the_value_of_a_member():
    Kind.LIST.value[0] = 2.0
    return lambda x: x * Kind.LIST.value[0], lambda: Kind.LIST.value.__setitem__(0, 3.0)


def through_getattr_of_a_module():
    module, store = types.ModuleType("computed"), {"k": 2.0}
    module.__getattr__ = lambda name: store["k"]
    return lambda x: x * module.anything, lambda: store.update(k=3.0)


def through_getattribute():
    store = {"k": 2.0}
    item = type("Item", (), {"__getattribute__": lambda self, name: store[name]})()
    return lambda x: x * item.k, lambda: store.update(k=3.0)


def through_an_item_of_a_class():
    own = type("Own", (), {"table": {"a": 2.0}, "__class_getitem__": classmethod(lambda cls, k: cls.table[k])})
    return lambda x: x * own["a"], lambda: own.table.update(a=3.0)


def through_the_bases_of_a_class():
    first, second = type("First", (), {"rate": 2.0}), type("Second", (), {"rate": 3.0})
    own = type("Own", (type("Between", (first,), {}),), {})
    return lambda x: x * own.rate, lambda: setattr(own, "__bases__", (type("Other", (second,), {}),))


def through_a_default_factory():
    k = [2.0]
    items = collections.defaultdict(lambda: k[0])

    def f(x):
        found = x * items["a"]
        del items["a"]
        return found

    return f, lambda: k.__setitem__(0, 3.0)


def through_annotations():
    def f(x):
        return x * f.__annotations__["k"]

    f.__annotations__ = {"k": 2.0}
    return f, lambda: f.__annotations__.update(k=3.0)


def through_the_docstring_of_a_class():
    own = type("Own", (), {"__doc__": "2.0"})
    return lambda x: x * float(own.__doc__), lambda: setattr(own, "__doc__", "3.0")


def through_the_name_of_a_function():
    def helper():
        """2.0"""

    return lambda x: x * float(helper.__doc__), lambda: setattr(helper, "__doc__", "3.0")


def through_the_label_of_a_value():
    held = Value(1.0, "2.0")
    return lambda x: x * float(held.label), lambda: setattr(held, "label", "3.0")


def through_a_logger():
    logger = logging.getLogger("a logger with a number")
    logger.k = 2.0
    return lambda x: x * logger.k, lambda: setattr(logger, "k", 3.0)


def through_a_slice():
    items = [2.0]
    part = slice(items, None)
    return lambda x: x * part.start[0], lambda: items.__setitem__(0, 3.0)


def through_a_text_in_memory():
    text = io.StringIO("2.0")
    return lambda x: x * float(text.getvalue()), lambda: (text.seek(0), text.write("3.0"))


def through_a_method_that_a_class_is_given_later():
    own = type("Own", (), {})
    item = own()
    return (
        lambda x: x * (3.0 if callable(item) else getattr(item, "k", 2.0)),
        lambda: setattr(own, "__call__", lambda self: 0.0),
    )


def through_getattr_that_a_class_is_given_later():
    own = type("Own", (), {})
    item = own()

    def f(x):
        try:
            return x * item.k
        except AttributeError:
            return x * 2.0

    return f, lambda: setattr(own, "__getattr__", lambda self, name: 3.0)


def through_init():
    own = type("Own", (), {"__init__": lambda self: vars(self).update(k=2.0)})
    return lambda x: x * own().k, lambda: setattr(own, "__init__", lambda self: vars(self).update(k=3.0))


def through_init_of_the_class_of_an_object():
    own = type("Own", (), {"__init__": lambda self: vars(self).update(k=2.0)})
    item = own()
    return (
        lambda x: x * type(item)().k,
        lambda: setattr(own, "__init__", lambda self: vars(self).update(k=3.0)),
    )


def through_a_default_of_a_named_tuple():
    pair = collections.namedtuple("pair", "a", defaults=[2.0])
    return lambda x: x * pair().a, lambda: setattr(pair.__new__, "__defaults__", (3.0,))


def through_str():
    own = type("Own", (), {"k": 2.0, "__str__": lambda self: str(self.k)})
    item = own()
    return lambda x: x * float(str(item)), lambda: setattr(own, "k", 3.0)


def through_repr_in_a_formatted_text():
    own = type("Own", (), {"__repr__": lambda self: "2.0"})
    item = own()
    return lambda x: x * float(f"{item}"), lambda: setattr(own, "__repr__", lambda self: "3.0")


def through_repr_by_percent():
    own = type("Own", (), {"__repr__": lambda self: "2.0"})
    item = own()
    return (
        lambda x: x * float("%r" % item),  # noqa: UP031
        lambda: setattr(own, "__repr__", lambda self: "3.0"),
    )


def through_a_method_that_a_library_calls():
    own = type("Own", (nn.Module,), {"forward": lambda self, x: x * 2.0})
    model = own()
    return lambda x: model(x) + 0.0, lambda: setattr(own, "forward", lambda self, x: x * 3.0)


def through_the_members_of_an_enumeration():
    Kind.LIST.value[0] = 2.0
    return (
        lambda x: x * [member.value for member in Kind][-1][0],
        lambda: Kind.LIST.value.__setitem__(0, 3.0),
    )


def through_a_result_that_is_cached():
    @functools.cache
    def cached(name):
        return [2.0]

    return lambda x: x * cached("k")[0], lambda: cached("k").__setitem__(0, 3.0)


def through_a_generic_alias():
    own = type("Own", (), {"k": 2.0, "__class_getitem__": classmethod(types.GenericAlias)})
    alias = own[int]
    return lambda x: x * alias.k, lambda: setattr(own, "k", 3.0)


def through_a_generic_class():
    own = types.new_class("Own", (typing.Generic[typing.TypeVar("T")],), {}, lambda space: space.update(k=2.0))
    alias = own[int]
    return lambda x: x * alias.k, lambda: setattr(own, "k", 3.0)


def through_the_zone_of_a_time():
    zone = type("Zone", (datetime.tzinfo,), {"utcoffset": lambda self, time: datetime.timedelta(hours=self.k)})
    zone.k, noon = 2, datetime.datetime(2000, 1, 1, tzinfo=zone())
    return lambda x: x * (noon.utcoffset().seconds / 3600), lambda: setattr(zone, "k", 3)


def through_the_context_of_decimal_numbers():
    context = decimal.Context(prec=2)
    return lambda x: x * context.prec, lambda: setattr(context, "prec", 3)


def through_an_error():
    error = OSError(2, "a")
    return lambda x: x * error.errno, lambda: setattr(error, "errno", 3)


def through_a_finalizer():
    finalizer = weakref.finalize(Kind, print)
    return lambda x: x * (2.0 if finalizer.alive else 3.0), finalizer.detach


def through_a_future():
    future = concurrent.futures.Future()
    return lambda x: x * (future.result() if future.done() else 2.0), lambda: future.set_result(3.0)


def through_memory_that_processes_share():
    shared = multiprocessing.shared_memory.SharedMemory(create=True, size=8)
    shared.unlink()
    shared.buf[0] = 2
    return lambda x: x * float(shared.buf[0]), lambda: shared.buf.__setitem__(0, 3)


def through_an_array_interface():
    k = np.array([2.0])
    item = type("Item", (), {"__array_interface__": property(lambda self: k.__array_interface__)})()
    return lambda x: x * float(np.asarray(item)[0]), lambda: k.fill(3.0)


def through_a_hook_of_assignment():
    own = type("Own", (), {})

    def f(x):
        item = own()
        item.k = 2.0
        return x * item.k

    return f, lambda: setattr(own, "__setattr__", lambda self, name, _: object.__setattr__(self, name, 3.0))


def through_the_names_in_a_class():
    own = type("Own", (), {})
    count = len(dir(own))
    return lambda x: x * (2.0 + len(dir(own)) - count), lambda: setattr(own, "new", 1.0)


def through_what_a_decorator_wraps():
    k = [2.0]

    def wrapped(x):
        return x * k[0]

    @functools.wraps(wrapped)
    def wrapper(x):
        return x

    return lambda x: inspect.unwrap(wrapper)(x) + 0.0, lambda: k.__setitem__(0, 3.0)


def through_the_class_of_a_module():
    module = types.ModuleType("of_another_class")
    other = type("Other", (types.ModuleType,), {"k": property(lambda self: 3.0)})
    return lambda x: x * getattr(module, "k", 2.0), lambda: setattr(module, "__class__", other)


def through_a_cell():
    cell = types.CellType(2.0)
    return lambda x: x * cell.cell_contents, lambda: setattr(cell, "cell_contents", 3.0)


def through_builtins():
    builtins.a_number_among_builtins = 2.0
    return (
        lambda x: x * a_number_among_builtins,  # noqa: F821
        lambda: setattr(builtins, "a_number_among_builtins", 3.0),
    )


def through_a_module_that_is_replaced():
    def make(k):
        sys.modules["a_module_that_is_replaced"] = module = types.ModuleType("a_module_that_is_replaced")
        module.k = k

    def f(x):
        import a_module_that_is_replaced

        return x * a_module_that_is_replaced.k

    make(2.0)
    return f, lambda: make(3.0)


@pytest.mark.parametrize(
    "make", [made for name, made in sorted(globals().items()) if name.startswith("through_")]
)
def test_a_number_in_an_unusual_place_is_watched(make):
    f, change = make()
    fast = compile(f)
    assert (fast(X), fast(X)) == (2.0 * X, 2.0 * X)
    change()
    assert (fast(X), fast(X)) == (3.0 * X, 3.0 * X)
    assert fast.grad(X) == grad(f)(X) == 3.0


def test_a_module_that_a_function_is_first_to_import_is_watched(tmp_path, monkeypatch):
    (tmp_path / "imported_at_the_first_call.py").write_text("k = 2.0\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    def f(x):
        import imported_at_the_first_call

        return x * imported_at_the_first_call.k

    fast = compile(f)
    assert fast(X) == 2.0 * X
    monkeypatch.setattr(sys.modules["imported_at_the_first_call"], "k", 3.0)
    assert fast(X) == 3.0 * X
