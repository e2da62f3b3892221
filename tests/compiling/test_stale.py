"""A compiled function always uses the current state of everything that it captures."""

import abc
import array
import collections
import contextvars
import copy
import dataclasses
import decimal
import enum
import functools
import itertools
import math
import multiprocessing
import operator
import os
import random
import sys
import threading
import time
import types
import typing
import warnings
import weakref

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

import nn
from autograd import Value, compile, grad, sin, tanh, total
from autograd.compiling.run import store
from autograd.compiling.trace.tracing import trace

X = 1.5


def float_of(item):
    """Return the number of a Value, and a number unchanged."""
    return item.data if isinstance(item, Value) else item


def assert_follows(f, *changes, apart=True):
    """Assert that a compiled function and the function itself agree before and after each change."""
    fast, seen = compile(f), []
    for change in (None, *changes):
        if change is not None:
            change()
        for _ in range(2):
            found, expected = fast(X), float_of(f(Value(X)))
            assert found == pytest.approx(expected, rel=1e-12)
            assert math.copysign(1.0, found) == math.copysign(1.0, expected)
        seen.append(expected)
        assert fast.grad(X, wrt=0) == pytest.approx(float_of(grad(f)(X)), rel=1e-12)
    assert not apart or len(set(map(repr, seen))) == len(seen), "the changes change nothing"
    return fast


# Containers.


def test_a_dict_that_also_holds_strings_bools_and_none():
    settings = {"name": "a", "on": True, "nothing": None, "rate": 2.0, "deep": [{"k": 3.0, "word": "b"}]}
    assert_follows(
        lambda x: settings["rate"] * x + settings["deep"][0]["k"] + (1.0 if settings["on"] else 0.0),
        lambda: settings.update(rate=5.0),
        lambda: settings["deep"][0].update(k=7.0),
        lambda: settings.update(on=False),
        lambda: settings.update(deep=[{"k": -1.0}]),
    )
    chosen = {"which": "sin"}
    assert_follows(
        lambda x: sin(x) if chosen["which"] == "sin" else tanh(x) * float(chosen["which"] is None) + x,
        lambda: chosen.update(which="tanh"),
        lambda: chosen.update(which=None),
    )


def test_a_list_that_also_holds_strings_bools_and_none():
    rows = [1.0, "text", None, True, [2.0, "word", (3.0, [4.0])]]
    assert_follows(
        lambda x: rows[0] * x + rows[4][0] + rows[4][2][1][0] * (2.0 if rows[3] else 1.0),
        lambda: operator.setitem(rows, 0, 5.0),
        lambda: operator.setitem(rows[4], 0, 6.0),
        lambda: operator.setitem(rows[4][2][1], 0, 7.0),
        lambda: operator.setitem(rows, 3, False),
    )


def test_the_sign_of_a_zero_and_true_in_place_of_1():
    zeros, kinds = [0.0], [1, 2]
    assert_follows(
        lambda x: tanh(x / zeros[0] if False else x * zeros[0]), lambda: operator.setitem(zeros, 0, -0.0)
    )
    assert_follows(lambda x: x * (3.0 if kinds[0] is True else 2.0), lambda: operator.setitem(kinds, 0, True))


def test_values_and_objects_replaced_in_containers_or_appended_to_them():
    values, table = [Value(2.0), Value(3.0)], {"w": Value(4.0)}
    assert_follows(
        lambda x: total([w * x for w in values]) * table["w"],
        lambda: values.append(Value(5.0)),
        lambda: operator.setitem(values, 0, Value(-7.0)),
        lambda: table.update(w=Value(0.5)),
        values.pop,
        lambda: setattr(values[0], "data", 11.0),
    )
    objects = [types.SimpleNamespace(k=1.0), types.SimpleNamespace(k=2.0)]
    assert_follows(
        lambda x: sum(item.k for item in objects) * x,
        lambda: setattr(objects[1], "k", 5.0),
        lambda: operator.setitem(objects, 0, types.SimpleNamespace(k=8.5)),
        lambda: setattr(objects[0], "k", -2.5),
        lambda: objects.append(types.SimpleNamespace(k=0.25)),
        lambda: setattr(objects[2], "k", 0.75),
    )


def test_an_equal_object_in_place_of_another_is_watched():
    @dataclasses.dataclass
    class Setting:
        k: float

    held = {"s": Setting(2.0), "l": [1.0, Setting(1.0)]}
    assert_follows(
        lambda x: held["s"].k * x + held["l"][1].k,
        lambda: (held.update(s=Setting(2.0)), setattr(held["s"], "k", 3.0)),
        lambda: (held.update(l=[1.0, Setting(1.0)]), setattr(held["l"][1], "k", 5.0)),
    )


def test_sets_deques_ordered_and_default_dicts_and_other_containers():
    names, queue = {"a"}, collections.deque([1.0, 2.0])
    ordered, counts = collections.OrderedDict(a=1.0, b=2.0), collections.Counter(a=1)
    filled = collections.defaultdict(float, k=1.0)
    chain, user = collections.ChainMap({"k": 1.0}), collections.UserDict(k=1.0)
    view, bits, raw = types.MappingProxyType(filled), array.array("d", [1.0]), bytearray(b"\x01")
    assert_follows(
        lambda x: (
            x * float("b" in names) + queue[-1] * x + next(iter(ordered.values())) + counts["a"]
            + filled["k"] * x + chain["k"] + user["k"] + view["k"] * bits[0] * raw[0]
        ),
        lambda: names.add("b"),
        lambda: queue.append(7.0),
        lambda: ordered.move_to_end("a"),
        lambda: counts.update("aaa"),
        lambda: filled.update(k=3.0),
        lambda: chain.maps[0].update(k=8.0),
        lambda: user.data.update(k=-4.0),
        lambda: operator.setitem(bits, 0, 6.0),
        lambda: operator.setitem(raw, 0, 5),
    )  # fmt: skip


class Listed(list):
    scale = 1.0


def test_containers_of_a_users_class():
    items, pair = Listed([2.0]), collections.namedtuple("Pair", "a b")([1.0], {"k": 2.0})
    assert_follows(
        lambda x: items[0] * items.scale * x + pair.a[0] * pair.b["k"],
        lambda: setattr(items, "scale", 4.0),
        lambda: operator.setitem(items, 0, 5.0),
        lambda: operator.setitem(pair.a, 0, 6.0),
        lambda: pair.b.update(k=7.0),
    )


def test_arrays_of_every_dimension_and_kind():
    point, grid = np.array(2.0), np.arange(4.0).reshape(2, 2)
    objects = np.array([Value(1.0), 2.0], dtype=object)
    fields = np.zeros(2, dtype=[("k", "f8")])
    part = grid[0]

    def reinterpret():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # numpy 2.5 would rather have a view
            point.dtype = "i8"
            point.dtype = "f8"
        point.fill(1.0)

    assert_follows(
        lambda x: point * x + grid[1, 0] + objects[0] * objects[1] + fields["k"][0] + part[1] * grid.size,
        lambda: point.fill(3.0),
        lambda: grid.fill(4.0),
        lambda: operator.setitem(objects, 1, 5.0),
        lambda: operator.setitem(objects, 0, Value(9.0)),
        lambda: fields["k"].fill(8.0),
        lambda: grid[0].fill(7.0),
        reinterpret,
    )


# Attributes.


class Base:
    rate = 2.0
    table = {"k": 1.0}  # noqa: RUF012

    def __init__(self):
        self.shift = 1.0

    def forward(self, x):
        return self.rate * x + self.shift + self.table["k"]


class Derived(Base):
    __slots__ = ("slot",)

    def __init__(self):
        super().__init__()
        self.slot = 3.0
        self._hidden = 1.0

    def forward(self, x):
        return super().forward(x) * self.slot + self.product

    @property
    def product(self):
        return self._hidden * 2.0

    @staticmethod
    def fixed(x):
        return x * OFFSET

    @classmethod
    def made(cls, x):
        return x * cls.rate


OFFSET = 1.0


class Slotted:
    __slots__ = ("inner", "k")

    def __init__(self, k):
        self.k, self.inner = k, [k]


@pytest.fixture
def restored(monkeypatch):
    """Restore the classes after the test."""
    for kind, name in ((Base, "rate"), (Base, "table"), (Base, "forward"), (Listed, "scale")):
        monkeypatch.setattr(kind, name, getattr(kind, name))
    return monkeypatch


def test_attributes_of_classes_slots_properties_and_super(restored):
    model = Derived()
    assert_follows(
        lambda x: model.forward(x) + model.fixed(x) + model.made(x),
        lambda: setattr(Base, "rate", 5.0),
        lambda: setattr(Base, "table", {"k": 3.0}),
        lambda: Base.table.update(k=9.0),
        lambda: setattr(model, "slot", 4.0),
        lambda: setattr(model, "_hidden", 6.0),
        lambda: setattr(model, "shift", 7.0),
        lambda: setattr(model, "rate", 8.0),  # hides the class's
        lambda: restored.setattr(Base, "forward", lambda self, x: x * self.rate),
        lambda: restored.setitem(globals(), "OFFSET", 12.0),
        lambda: setattr(model, "forward", lambda x: x),
    )
    del model.forward
    slotted = Slotted(2.0)
    assert_follows(
        lambda x: slotted.k * x + slotted.inner[0],
        lambda: setattr(slotted, "k", 3.0),
        lambda: operator.setitem(slotted.inner, 0, 5.0),
        lambda: setattr(slotted, "inner", [6.0]),
    )


def test_attributes_read_by_a_helper_a_partial_getattr_or_a_descriptor():
    class Hidden:
        def __get__(self, item, owner=None):
            return item.__dict__["_k"] * 2.0

    class Config:
        k = Hidden()

        def __init__(self):
            self._k, self.w1, self.w2 = 1.0, 2.0, 3.0

        def __getattr__(self, name):
            return self.__dict__["w1"] if name == "alias" else 0.0

        def __getitem__(self, place):
            return self.w2 + place

        def __mul__(self, x):
            return x * self.w1

    config = Config()

    def helper(item, x):
        return item.w1 * x

    bound = functools.partial(helper, config)
    read = operator.attrgetter("w2")
    assert_follows(
        lambda x: (
            helper(config, x) + bound(x) + config.k + config.alias + config[1] + (config * x)
            + getattr(config, f"w{2}") + read(config) + vars(config)["w1"] + x * getattr(config, "late", 1.0)
        ),
        lambda: setattr(config, "w1", 5.0),
        lambda: setattr(config, "w2", 6.0),
        lambda: setattr(config, "_k", 7.0),
        lambda: setattr(config, "late", 8.0),
        lambda: setattr(config, "__dict__", {"_k": 1.0, "w1": -2.0, "w2": 0.5}),
        lambda: setattr(Config, "__mul__", lambda self, x: x * 100.0),
    )  # fmt: skip


class Meta(type):
    rate = 2.0


class OfMeta(metaclass=Meta):
    pass


def test_attributes_of_metaclasses_new_classes_and_weak_references(restored):
    restored.setattr(Meta, "rate", 2.0)
    item, other = Base(), type("Other", (), {"rate": 50.0})
    reference, near = weakref.ref(item), weakref.proxy(item)
    assert_follows(
        lambda x: OfMeta.rate * x + item.rate + reference().shift + near.shift,
        lambda: setattr(Meta, "rate", 3.0),
        lambda: setattr(item, "shift", 4.0),
        lambda: setattr(item, "__class__", other),
    )


def test_dataclasses_named_by_a_pattern_or_taken_as_a_whole():
    @dataclasses.dataclass
    class Point:
        a: float
        b: float

    point = Point(1.0, 2.0)

    def matched(x):
        match point:
            case Point(a, b):
                return a * x + b

    changes = (lambda: setattr(point, "a", 5.0), lambda: setattr(point, "b", 6.0))
    assert_follows(matched, *changes)
    point = Point(1.0, 2.0)
    assert_follows(lambda x: sum(dataclasses.astuple(point)) * x, *changes)


def test_defaults_attributes_and_code_of_functions():
    def f(x, scale=[2.0], *, shift={"k": 1.0}):  # noqa: B006
        return x * scale[0] * f.rate + shift["k"] + helper(x)

    def helper(x, k=3.0):
        return x * k

    def other(x, k=3.0):
        return x - k

    f.rate = 1.0
    defaults = f.__defaults__[0]
    assert_follows(
        f,
        lambda: operator.setitem(defaults, 0, 4.0),
        lambda: f.__kwdefaults__["shift"].update(k=5.0),
        lambda: setattr(f, "rate", 6.0),
        lambda: setattr(f, "__defaults__", ([7.0],)),
        lambda: setattr(helper, "__defaults__", (8.0,)),
        lambda: setattr(helper, "__code__", other.__code__),
        lambda: f.__kwdefaults__.update(shift={"k": 0.5}),
    )


def test_partials_and_callable_objects():
    class Callable:
        def __init__(self):
            self.k = 2.0

        def __call__(self, x):
            return self.k * x

    inner = Callable()
    bound = functools.partial(lambda x, k, m: x * k[0] + m, k=[2.0], m=1.0)
    assert_follows(
        lambda x: bound(x) + inner(x),
        lambda: operator.setitem(bound.keywords["k"], 0, 3.0),
        lambda: bound.keywords.update(m=5.0),
        lambda: setattr(inner, "k", 7.0),
    )
    assert_follows(inner, lambda: setattr(inner, "k", 9.0))
    assert_follows(functools.partial(lambda k, x: k[0] * x, defaults := [1.0]), lambda: defaults.insert(0, 4.0))


def test_functions_wrapped_by_decorators_and_derivatives():
    k = [2.0]

    def decorated(g):
        @functools.wraps(g)
        def wrapper(*args):
            return g(*args) * k[0]

        return wrapper

    @functools.lru_cache
    def cached(x):
        return x * k[0]

    slope, inner = grad(lambda t: t * t * k[0]), compile(lambda t: t * k[0])
    function = decorated(lambda x: x + k[0])
    assert_follows(
        lambda x: (
            function(x) + cached(x) + slope(x) + (inner(x) if isinstance(x, Value) and x.op else x * k[0])
        ),
        lambda: operator.setitem(k, 0, 3.0),
    )
    through = compile(lambda x: inner(x) + 0.0)
    assert through(X) == X * 3.0
    k[0] = 5.0
    assert through(X) == X * 5.0


# Modules, globals, closures.


def test_modules_and_their_entries(monkeypatch):
    config = types.ModuleType("a_config_module")
    config.inner = types.ModuleType("a_config_module.inner")
    config.scale, config.inner.k, config.table = 2.0, 3.0, {"k": 1.0, "word": "a"}
    monkeypatch.setitem(sys.modules, "a_config_module", config)
    held = types.SimpleNamespace(module=config)

    def f(x):
        import a_config_module as imported
        from a_config_module import table

        name = "sca" + "le"
        return (
            config.scale * x + config.inner.k + imported.table["k"] * x + table["k"] + held.module.scale
            + getattr(config, name) * x
        )  # fmt: skip

    assert_follows(
        f,
        lambda: setattr(config, "scale", 5.0),
        lambda: setattr(config.inner, "k", 6.0),
        lambda: config.table.update(k=7.0),
        lambda: setattr(config, "table", {"k": 8.0}),
    )


def test_a_new_global_that_hides_a_builtin(monkeypatch):
    f = types.FunctionType((lambda x: max(1.0, 2.0) * x).__code__, space := {"__builtins__": __builtins__})
    assert_follows(f, lambda: space.update(max=lambda a, b: 10.0))


def test_a_closure_variable_deleted_and_set_again():
    def make():
        k = 2.0

        def f(x):
            return k * x

        def put(value):
            nonlocal k
            k = value

        return f, put

    f, put = make()
    assert_follows(f, lambda: put(3.0), lambda: put([1.0][0]))


# Values.


def test_the_gradient_of_a_value_that_a_function_reads():
    w = Value(2.0)
    weights = [Value(1.0), Value(2.0)]

    def step():
        (w * w * 3.0).backward()
        weights[1].grad += 1.0

    assert_follows(lambda x: (w - 0.1 * w.grad) * x + sum(v.grad for v in weights), step, step)


# Models.


def test_a_model_in_another_mode_or_with_another_layer(rng):
    model = nn.Sequential(nn.Layer(1, 3, rng=rng), nn.Dropout(0.5, rng=rng), nn.Layer(3, 1, rng=rng))
    fast = compile(lambda x: total(model([x])))
    model.eval()

    def assert_right():
        assert fast(X) == pytest.approx(total(model([X])).data, rel=1e-12)

    assert_right()
    model.train()
    assert len({fast(X) for _ in range(12)}) > 1  # dropout draws new numbers at each call
    model.eval()
    assert_right()
    setattr(model, "0", nn.Layer(1, 3, rng=rng))
    assert_right()
    model[0].neurons[1].bias = Value(5.0)
    assert_right()
    model[2].neurons.append(nn.Neuron(3, rng=rng))
    assert_right()


# Functions with captures that cannot be watched are traced at each call.


def test_random_numbers_clocks_files_and_iterators(tmp_path, monkeypatch):
    generator, own, counter = np.random.default_rng(0), random.Random(0), itertools.count()
    for f in (
        lambda x: x * random.random(),
        lambda x: x * own.gauss(0.0, 1.0),
        lambda x: x * generator.normal(),
        lambda x: x * np.random.rand(),
        lambda x: x * next(counter),
        lambda x: x + time.perf_counter(),
        lambda x: x + time.time_ns() * 1e-9,
    ):
        fast = compile(f)
        assert len({fast(X) for _ in range(4)}) == 4
    (path := tmp_path / "k").write_text("2.0")
    monkeypatch.setenv("K", "2.0")
    assert_follows(lambda x: x * float(path.read_text()), lambda: path.write_text("3.0"))

    def opened(x):
        with open(path) as file:
            return x * float(file.read())

    assert_follows(opened, lambda: path.write_text("4.0"))
    assert_follows(lambda x: x * float(os.environ["K"]), lambda: monkeypatch.setenv("K", "5.0"))
    assert_follows(lambda x: x * float(os.getenv("K")), lambda: monkeypatch.setenv("K", "6.0"))
    monkeypatch.setattr(sys, "argv", ["program", "2.0"])
    assert_follows(
        lambda x: x * float(sys.argv[1]),
        lambda: monkeypatch.setattr(sys, "argv", ["program", "3.0"]),
        lambda: operator.setitem(sys.argv, 1, "4.0"),
    )
    scale = {"k": 2.0}
    assert_follows(lambda x: x * eval("scale['k']", {"scale": scale}), lambda: scale.update(k=3.0))
    variable = contextvars.ContextVar("variable", default=2.0)
    assert_follows(lambda x: x * variable.get(), lambda: variable.set(3.0))
    with decimal.localcontext() as context:
        assert_follows(
            lambda x: x * float(decimal.Decimal(1) / decimal.Decimal(3)), lambda: setattr(context, "prec", 3)
        )
    numbers = (float(k) for k in range(100))
    fast = compile(lambda x: x + next(numbers))
    assert [fast(0.0) for _ in range(3)] == [0.0, 1.0, 2.0]
    local = threading.local()
    local.k = 2.0
    assert_follows(lambda x: x * local.k, lambda: setattr(local, "k", 3.0))
    assert "traced at every call" in compile_once(lambda x: x * local.k).explain()


def compile_once(f):
    fast = compile(f)
    fast(X)
    return fast


def test_a_function_that_changes_its_captures_behaves_as_in_plain_python():
    state = {"n": 0, "name": "count"}

    def f(x):
        state["n"] += 1
        return x * state["n"]

    fast = compile(f)
    assert [fast(1.0) for _ in range(4)] == [1.0, 2.0, 3.0, 4.0]


# The cost of the comparisons.


@pytest.fixture
def recorded(monkeypatch):
    """Return how often a function was traced."""
    calls = []
    monkeypatch.setattr(store, "trace", lambda *args: calls.append(1) or trace(*args))
    return calls


def test_objects_that_a_function_does_not_name_may_change(recorded):
    item = types.SimpleNamespace(k=2.0, steps=0, log=[])
    fast = compile(lambda x: item.k * x)
    for _ in range(5):
        fast(X)
        item.steps += 1
        item.log.append(fast)
    assert len(recorded) == 1


def test_a_function_with_an_unchanged_trace_is_not_compiled_again(recorded):
    item = types.SimpleNamespace(k=[Value(1.0), 2.0])
    fast = compile(lambda x: item.k[1] * x)
    fast(X)
    plan = next(iter(fast._store.plans.values()))
    item.k = [Value(1.0), 2.0]
    assert fast(X) == 3.0
    assert len(recorded) == 2
    assert next(iter(fast._store.plans.values())) is plan
    item.k[1] = 4.0
    assert fast(X) == 6.0
    assert next(iter(fast._store.plans.values())) is not plan


def test_a_function_that_uses_numpy_classes_and_scipy_tables_compiles():
    kinds = {"t": np.float64, "u": [np.int32, np.ndarray, float], "f": (np.tanh, math.sin)}
    assert compile(lambda x: x * len(kinds) * kinds["u"][2](2.0))(X) == X * 6.0
    special = pytest.importorskip("scipy.special")
    stats = pytest.importorskip("scipy.stats")
    table = {"normal": stats.norm, "gamma": special.gamma, "kinds": {"t": np.float64}}
    assert_follows(
        lambda x: x * float(special.gamma(3.0)) + float(stats.norm.pdf(0.0)) * len(table),
        lambda: table.update(more=special),
    )


class Kind(enum.Enum):
    FAST = 2.0


def test_copies_constants_and_enumerations():
    original = {"k": [1.0]}
    assert_follows(
        lambda x: copy.deepcopy(original)["k"][0] * x * Kind.FAST.value, lambda: original["k"].insert(0, 5.0)
    )


def test_the_order_of_a_dict_and_the_type_of_an_equal_number():
    rates = {"a": 2.5, "b": 3.5}
    assert_follows(lambda x: x * next(iter(rates.values())), lambda: rates.update(a=rates.pop("a")))
    words = {"a": "u", "b": "v"}
    assert_follows(lambda x: x * (2 if next(iter(words)) == "a" else 5), lambda: words.update(a=words.pop("a")))
    deep = {"rows": [{"a": 2.0, "b": 3.0}]}
    assert_follows(
        lambda x: x * next(iter(deep["rows"][0].values())),
        lambda: operator.setitem(deep["rows"], 0, {"b": 3.0, "a": 2.0}),
    )
    held = types.SimpleNamespace(u=2.0, v=3.0)
    assert_follows(
        lambda x: x * next(iter(vars(held).values())), lambda: (vars(held).pop("u"), setattr(held, "u", 2.0))
    )
    for items in ([2], {"k": 2}, [[2, 3]]):
        key = "k" if type(items) is dict else 0
        assert_follows(
            lambda x, items=items, key=key: x * (3.0 if "." in repr(items[key]) else 5.0),
            lambda items=items, key=key: operator.setitem(items, key, 2.0),
        )
    owner = types.SimpleNamespace(k=2)
    assert_follows(lambda x: x * (3.0 if isinstance(owner.k, int) else 5.0), lambda: setattr(owner, "k", 2.0))


def test_getters_that_were_made_outside_of_the_function():
    model, factors = types.SimpleNamespace(part=types.SimpleNamespace(k=2.0), u=1.0), [1.0]
    inner, both = operator.attrgetter("part.k"), operator.attrgetter("u", "part.k")
    assert_follows(lambda x: x * inner(model), lambda: setattr(model.part, "k", 5.0))
    assert_follows(lambda x: x * sum(both(model)), lambda: setattr(model.part, "k", 7.0))

    class Scale:
        k = 2.0

        def times(self, factors):
            return self.k * factors[0]

    scale, times = Scale(), operator.methodcaller("times", factors)
    assert_follows(
        lambda x: x * times(scale), lambda: setattr(scale, "k", 3.0), lambda: operator.setitem(factors, 0, 4.0)
    )


def test_classes_that_are_registered_later():
    class Interface(abc.ABC):  # noqa: B024
        pass

    class Registered(abc.ABC):  # noqa: B024
        pass

    @typing.runtime_checkable
    class Doubling(typing.Protocol):
        def double(self): ...

    class Plain:
        pass

    def matched(x):
        match item:
            case Registered():
                return 3.0 * x
        return x

    item = Plain()
    assert_follows(lambda x: 3.0 * x if isinstance(item, Interface) else x, lambda: Interface.register(Plain))
    assert_follows(matched, lambda: Registered.register(Plain))
    assert_follows(
        lambda x: 3.0 * x if isinstance(item, Doubling) else x, lambda: setattr(Plain, "double", lambda self: 2)
    )
    assert_follows(
        lambda x: x * (1 + len(Plain.__subclasses__())), lambda: kept.append(type("B", (Plain,), {}))
    )


kept = []


def test_a_row_of_a_structured_array_and_a_number_that_processes_share():
    rows = np.array([(2.0, 1)], dtype=[("k", "f8"), ("n", "i4")])
    row = rows[0]
    assert_follows(lambda x: x * float(row["k"]), lambda: operator.setitem(rows["k"], 0, 5.0))
    shared = multiprocessing.Value("d", 2.0)
    assert_follows(lambda x: x * shared.value, lambda: setattr(shared, "value", 3.0))
