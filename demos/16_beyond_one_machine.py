"""Beyond one machine: train on ten million rows in a folder, with two processes that never hold them all."""

import math
import os
import random
import resource
import time
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from autograd import cluster
from nn import MLP, Adam, fit

FILES = 20


def write_rows(folder: str, rows: int) -> None:
    """Write points of two spirals with their arms: one file at a time, so that memory use stays small."""
    for number in range(FILES):
        rng = np.random.default_rng(number)
        count = rows // FILES
        turn, arm = rng.uniform(0.25, 1.0, count), rng.choice([-1.0, 1.0], count)
        angle = 2 * math.pi * turn + math.pi * (arm > 0)
        points = np.column_stack([turn * np.cos(angle), turn * np.sin(angle)])
        noise = rng.normal(scale=0.03, size=points.shape)
        np.save(Path(folder) / f"{number:02}.npy", np.column_stack([points + noise, arm]))


def peak() -> float:
    """Return the peak memory use of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def train(folder: str, rows: int, workers: int, epochs: int = 4) -> list[float]:
    """Take full-batch steps with a number of workers; print speed and memory use, and return the losses."""
    rng = random.Random(0)
    model = MLP(2, [16, 16, 1], activation="tanh", rng=rng)
    optimiser = Adam(model.parameters(), lr=0.03)
    ends = []
    with cluster.connect(workers=workers) as client:  # "tcp://10.0.0.1:8786" instead: a cluster of any size
        data = cluster.folder(client, folder, inputs=[0, 1], targets=2, keep=0)
        history = fit(model, data, "hinge", optimiser, epochs=epochs, rng=rng,
                      callbacks=[lambda epoch, history: ends.append(time.perf_counter())])  # fmt: skip
        most = max(client.run(peak).values())
    step = min(end - start for start, end in pairwise(ends))
    many = "workers" if workers > 1 else "worker"
    print(f"{workers} {many}: {rows / step:,.0f} rows a second, a step of {step:.2f} s")
    print(f"  loss {history.losses[0]:.6f} -> {history.losses[-1]:.6f}, accuracy {history.accuracies[-1]:.1%}")
    print(f"  peak memory of a worker: {most:.0f} MB")
    return history.losses


def main(rows: int = 10_000_000) -> None:
    """Write the rows, train with one worker and with two, and compare the losses bit for bit."""
    with TemporaryDirectory() as folder:
        write_rows(folder, rows)
        size = sum(file.stat().st_size for file in Path(folder).iterdir()) / 2**20
        print(f"{rows:,} rows in {FILES} files of .npy, {size:,.0f} MB; each step reads them all")
        one, two = (train(folder, rows, workers) for workers in (1, 2))
        print(f"The losses of both runs are {'equal' if one == two else 'NOT equal'}, bit for bit.")
        print(f"Peak memory of this process, including the scheduler: {peak():.0f} MB")


if __name__ == "__main__":
    main(int(os.environ.get("ROWS", "10_000_000")))
