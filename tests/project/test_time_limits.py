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


def timed(source):
    """Yield the assertions on durations, which fail on a busy machine."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assert):
            called = [each.func for each in ast.walk(node) if isinstance(each, ast.Call)]
            if any(isinstance(each, ast.Attribute) and each.attr in CLOCKS for each in called):
                yield node.lineno


def test_no_test_asserts_how_long_something_took():
    assert list(timed("assert time.monotonic() - started < 60")) == [1]
    tests = [path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)]
    assert {path.name for path in tests if any(timed(path.read_text(encoding="utf-8")))} == set()
