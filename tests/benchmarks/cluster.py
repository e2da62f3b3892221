"""Measure the cost of a step on a cluster: rows per second, overhead per block, bytes sent, peak memory.

Run as `python tests/benchmarks/cluster.py`. Times are of the processors (CPU seconds), so that other work on
the machine hardly counts; the elapsed ones stand beside them.
"""

import os
import resource
import time

import numpy as np

from autograd import cluster, compile, dot, tanh

ROWS = int(os.environ.get("ROWS", "4_000_000"))


def network(x, y, w):
    """Return a 2-16-16-1 network of tanh neurons, squared error; the weights in one array."""
    for width, count, start in ((2, 16, 0), (16, 16, 48), (16, 1, 320)):
        rows = [w[start + k * (width + 1) : start + (k + 1) * (width + 1)] for k in range(count)]
        sums = [dot(list(row[:width]), list(x)) + row[width] for row in rows]
        x = sums if count == 1 else [tanh(s) for s in sums]
    return (x[0] - y) ** 2


def cpu():
    """CPU seconds of this process, and its peak memory in MB."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def count_bytes():
    """Count the bytes that this process sends over TCP; return a function for the bytes since its last call."""
    from distributed.comm import tcp

    if not hasattr(tcp, "_counted"):
        tcp._counted, write = [0], tcp.TCP.write

        async def counting(self, msg, serializers=None, on_error="message"):
            sent = await write(self, msg, serializers, on_error)
            tcp._counted[0] += sent
            return sent

        tcp.TCP.write = counting
    found, tcp._counted[0] = tcp._counted[0], 0
    return found


def measured(function, client):
    """Elapsed and CPU seconds, and bytes sent, of one call: here (with the scheduler), and on each worker."""
    before, here = client.run(cpu), cpu()
    client.run(count_bytes)
    count_bytes()
    start = time.perf_counter()
    function()
    elapsed = time.perf_counter() - start
    sent_here, sent = count_bytes(), client.run(count_bytes)
    after = client.run(cpu)
    return {
        "elapsed": elapsed,
        "here": cpu()[0] - here[0],
        "workers": [after[k][0] - before[k][0] for k in before],
        "sent here": sent_here,
        "sent by workers": list(sent.values()),
        "peak": max(peak for _, peak in after.values()),
    }


def best(function, client, times=5):
    """Return the measurement that took the least CPU time."""
    return min((measured(function, client) for _ in range(times)), key=lambda m: sum(m["workers"]) + m["here"])


def main():
    """Print one line for each measurement."""
    rng = np.random.default_rng(0)
    x, y, w = rng.normal(size=(ROWS, 2)), rng.normal(size=ROWS), rng.normal(size=337) / 4
    fast = compile(network, batched=("x", "y"))
    fast.value_and_grad(x[:100], y[:100], w, wrt="w")
    times, walls = [], []
    for _ in range(3):
        start, wall = time.process_time(), time.perf_counter()
        fast.value_and_grad(x, y, w, wrt="w")
        times.append(time.process_time() - start)
        walls.append(time.perf_counter() - wall)
    print(f"the plain kernel: {1e9 * min(times) / ROWS:.0f} ns of CPU a row, ", end="")
    print(f"{ROWS / min(walls):,.0f} rows a second")
    for workers in (1, 2):
        with cluster.connect(workers=workers, timeout=60) as client:
            far = cluster.spread(fast, cluster.rows(client, x=x, y=y))
            far.value_and_grad(w)
            told = best(lambda: far.value_and_grad(w), client)  # noqa: B023
            busy = 1e9 * max(told["workers"]) / ROWS
            print(f"{workers} workers: {ROWS / told['elapsed']:,.0f} rows a second")
            print(
                f"  CPU of the busiest worker {busy:.0f} ns a row, of this process {1e3 * told['here']:.0f} ms"
            )
            print(f"  {bytes_of(told)}; peak memory of a worker {told['peak']:.0f} MB")
    with cluster.connect(workers=2, timeout=60) as client:
        for blocks in (1, 8, 64, 512):
            rows = cluster.rows(client, x=x[:5120], y=y[:5120], block=5120 // blocks)
            small = cluster.spread(fast, rows)
            small.value_and_grad(w)
            told = best(lambda: small.value_and_grad(w), client)  # noqa: B023
            print(f"{blocks} blocks: {1e3 * told['elapsed']:.0f} ms; {cpu_of(told)}; {bytes_of(told)}")
        line = compile(lambda x, y, v: v[0] * x[0] + y, batched=("x", "y"))
        far = cluster.spread(line, cluster.rows(client, x=x[:5120], y=y[:5120], block=640))
        for count in (10, 1_000, 100_000):
            weights = rng.normal(size=count)
            far.total(gradient_of, (np.zeros(1),), weights)
            told = best(lambda: far.total(gradient_of, (np.zeros(1),), weights), client, 3)  # noqa: B023
            print(f"{count:,} parameters, 8 blocks: {1e3 * told['elapsed']:.0f} ms; {bytes_of(told)}")


def bytes_of(told):
    """Return the number of bytes sent, as text."""
    return f"sent {told['sent here']:,} bytes from here, {told['sent by workers']} by the workers"


def cpu_of(told):
    """Return the CPU time, as text."""
    return f"CPU here {1e3 * told['here']:.1f} ms, on the workers {1e3 * sum(told['workers']):.1f} ms"


def gradient_of(block, kernel, names, shared, weights):
    """Return the result of a block for a number of parameters, without computing it."""
    return 0.0, weights


if __name__ == "__main__":
    main()
