"""Everything that the project or a test starts is waited for in bounded time."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUNS = {"run", "call", "check_call", "check_output"}
WAITS = {"wait", "join", "communicate"}


def without_limit(source):
    """Yield the lines that wait for a process or a thread without a limit."""
    tree = ast.parse(source)
    awaited = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Await)}
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)) or id(node) in awaited:
            continue
        limited = any(keyword.arg in {"timeout", None} for keyword in node.keywords)
        owner = ast.unparse(node.func.value)
        runs = node.func.attr in RUNS and owner == "subprocess"
        waits = node.func.attr in WAITS and not node.args
        if (runs or waits) and not limited:
            yield node.lineno


FILES = [*(ROOT / "autograd").rglob("*.py"), *(ROOT / "nn").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
FILES += [*(ROOT / "demos").glob("*.py"), ROOT / ".ci" / "typed", ROOT / ".ci" / "licences"]


@pytest.mark.parametrize(
    "source",
    [
        "subprocess.run(['dot'], check=True)",
        "subprocess.check_output(command)",
        "process.communicate()",
        "process.wait()",
        "thread.join()",
    ],
)
def test_a_wait_without_a_limit_is_found(source):
    assert list(without_limit(source)) == [1]


@pytest.mark.parametrize(
    "source",
    [
        "subprocess.run(['dot'], timeout=60)",
        "subprocess.run(['dot'], **options)",
        "process.communicate(timeout=60)",
        "process.wait(60)",
        "', '.join(words)",
        "async def f(): await event.wait()",
    ],
)
def test_a_wait_with_a_limit_is_none(source):
    assert not list(without_limit(source))


def test_nothing_is_waited_for_without_a_limit():
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for path in FILES
        if path.exists()
        for line in without_limit(path.read_text(encoding="utf-8"))
    }
    assert found == set()


CLOCKS = {"monotonic", "perf_counter", "process_time", "time", "thread_time"}


ARITHMETIC = {"abs", "max", "min", "round", "sum", "median", "sorted", "float", "int", *CLOCKS}


def is_duration(node, names):
    """Return whether an expression is a time, or is computed from one: a clock, or one of some names."""
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called not in ARITHMETIC:
            return False
        if called in CLOCKS:
            return True
    if isinstance(node, ast.Name):
        return node.id in names
    return any(is_duration(each, names) for each in ast.iter_child_nodes(node))


def timed(source):
    """Yield the assertions on durations, which fail on a busy machine."""
    tree, names = ast.parse(source), set()
    for _ in range(3):  # names of names of names
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and is_duration(node.value, names):
                targets = [each for target in node.targets for each in ast.walk(target)]
                names |= {each.id for each in targets if isinstance(each, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and is_duration(node.test, names):
            yield node.lineno


@pytest.mark.parametrize(
    "source",
    [
        "assert time.monotonic() - started < 60",
        "took = time.perf_counter() - start\nassert took < 5",
        "start = time.time()\nend = time.time()\ntook = end - start\nassert 2 * took < 5",
    ],
)
def test_an_assertion_on_a_duration_is_found(source):
    assert list(timed(source)) == [source.count("\n") + 1]


def test_no_test_asserts_how_long_something_took():
    tests = [path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)]
    assert {path.name for path in tests if any(timed(path.read_text(encoding="utf-8")))} == set()
