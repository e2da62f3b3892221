"""Fixtures and settings of several test modules."""

import builtins
import os
import random
import shutil
import signal
import sys
from importlib import util

import pytest

from autograd import Value, label, tanh

# A shell ignores Ctrl-C for what it runs in the background, and so would all processes that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Where stdin is closed, pytest's own in its place fails when another library asks for its encoding.
if sys.__stdin__ is None:
    sys.__stdin__ = open(os.devnull, encoding="utf-8")  # noqa: SIM115 (open until the end)

# No deadline for one example, which the slowest would miss on a busy machine; and the same examples in every
# run, so that a change is judged by what it changed: tests/fuzz and tests.checking.million search for new ones.
if util.find_spec("hypothesis"):
    from hypothesis import settings

    settings.register_profile("tests", settings.get_profile("default"), deadline=None, derandomize=True)
    settings.load_profile("tests")

# Options for this run, and what pytest and hypothesis do otherwise in CI, are not for those that tests start;
# nor is a stdout without a buffer, which hides what happens when the buffer cannot be written.
for variable in ("CI", "PYTEST_ADDOPTS", "PYTHONUNBUFFERED"):
    os.environ.pop(variable, None)


@pytest.fixture
def without(monkeypatch):
    """Make packages impossible to import."""
    real = builtins.__import__

    def hide(package):
        def importing(name, *args, **kwargs):
            if name.split(".")[0] == package:
                raise ImportError(name)
            return real(name, *args, **kwargs)

        monkeypatch.setattr(builtins, "__import__", importing)

    return hide


@pytest.fixture(scope="session")
def client():
    """Two workers on this machine, for all tests."""
    pytest.importorskip("distributed", reason="no Dask here: pip install 'chainwalk[cluster]'")
    from autograd import cluster

    with cluster.connect(workers=2, timeout=300) as client:
        yield client


@pytest.fixture(autouse=True)
def _no_open_figures():
    """Close what pyplot keeps open, of earlier doctests and of the test: it warns of more than 20 figures."""
    close_figures()
    yield
    close_figures()


def close_figures():
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture
def rng():
    """Give a generator that every test finds in the same state."""
    return random.Random(0)


@pytest.fixture
def graph():
    """Give the values of `L = (a * b + c) * tanh(a)` by name, before any backward pass."""
    a, b, c = Value(2.0), Value(-3.0), Value(10.0)
    e = a * b
    d = e + c
    t = tanh(a)
    values = {"a": a, "b": b, "c": c, "e": e, "d": d, "t": t, "L": d * t}
    label(values)
    return values


@pytest.fixture(scope="session")
def browser():
    """Start a headless Chromium, where Playwright and a browser are installed."""
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("no Chromium")
    quiet = [
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", *quiet],
            env=os.environ | {"LC_ALL": "C.UTF-8"},  # in plain C it finds no file below a folder with umlauts
        )
        yield started
        started.close()


@pytest.fixture
def visit(browser):
    """Open pages; fail if one writes to the console, opens a dialog or requests a URL."""
    complaints, contexts = [], []

    def open_(path, fragment="", **options):
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 800}} | options))
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: (complaints.append("dialog"), dialog.dismiss()))
        url = path.as_uri()
        page.on("request", lambda r: None if r.url.split("#")[0] == url else complaints.append(r.url))
        page.goto(url + fragment)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


# A test that uses one of these fixtures has the marker of the same kind.
MARKED_BY_FIXTURE = {"browser": "browser", "visit": "browser", "client": "cluster"}


def pytest_collection_modifyitems(items):
    """Mark the tests that need a browser or a cluster, by the fixtures they use."""
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in MARKED_BY_FIXTURE:
                item.add_marker(MARKED_BY_FIXTURE[fixture])
