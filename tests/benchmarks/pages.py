"""Sizes and times of the pages in a headless Chromium: `python -m tests.benchmarks.pages`.

Times are of the browser's main thread, in milliseconds; frames are those of the browser, in a second.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import nn
from autograd import Value, draw, label, tanh
from nn import MLP, SGD, mse_loss, playground

RUNS = 5
TURN = "document.body.getBoundingClientRect();"
KEY = f"document.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'ArrowLeft', bubbles: true }})); {TURN}"
EDIT = f"""const e = document.querySelectorAll('#values input')[3]; e.value = String(Math.random());
e.dispatchEvent(new Event('change')); {TURN}"""
FRAMES = """() => new Promise((done) => { let count = 0; const start = performance.now();
const frame = () => { count += 1; const s = (performance.now() - start) / 1000;
if (s < 3) requestAnimationFrame(frame); else done(count / s); }; requestAnimationFrame(frame); })"""


def large() -> Value:
    """Return a graph of 341 values."""
    model = MLP(2, [48, 1], activation="tanh", rng=random.Random(0))
    loss: Value = mse_loss([model([0.5, -1.0])], [1.0])
    return loss


def small() -> Value:
    """Return the expression of the README."""
    a, b, c = Value(2.0), Value(-3.0), Value(10.0)
    root = (a * b + c) * tanh(a)
    label(a=a, b=b, c=c, L=root)
    return root


def busy(page: Any, script: str, turns: int = 20) -> float:
    """Milliseconds of the main thread for one turn of a script, the median of some runs."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def now() -> float:
        found = session.send("Performance.getMetrics")["metrics"]
        return float(next(each["value"] for each in found if each["name"] == "ThreadTime"))

    def run() -> float:
        start = now()
        page.evaluate(f"() => {{ for (let k = 0; k < {turns}; k += 1) {{ {script} }} }}")
        return (now() - start) / turns * 1000

    return median(run() for _ in range(RUNS))


def main() -> None:
    """Print a line for each page and for each action in it."""
    from playwright.sync_api import sync_playwright

    folder = Path(tempfile.mkdtemp())
    model = MLP(2, [8, 8, 1], rng=0)
    pages = {
        "small expression": draw(small()).save(folder / "small.html"),
        "341 values": draw(large(), max_nodes=400).save(folder / "large.html"),
        "playground 2-8-8-1, 200 points": playground(
            model, nn.moons(200, rng=0), optimiser=SGD(model, lr=0.03), source="moons"
        ).save(folder / "playground.html"),
    }
    for name, path in pages.items():
        print(f"{name:<34} {path.stat().st_size / 1000:7.0f} kB")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium") or None, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(pages["341 values"].as_uri())
        print(f"{'341 values: a key':<34} {busy(page, KEY):7.1f} ms")
        print(f"{'341 values: an edit':<34} {busy(page, EDIT):7.1f} ms")
        page.goto(pages["playground 2-8-8-1, 200 points"].as_uri())
        epoch = f"playground.train(1); playground.showAll(); {TURN}"
        print(f"{'playground: an epoch and a frame':<34} {busy(page, epoch):7.1f} ms")
        page.click("#play")
        frames = median(page.evaluate(FRAMES) for _ in range(3))
        print(f"{'playground: while training':<34} {frames:7.1f} frames/s")
        browser.close()


if __name__ == "__main__":
    main()
