"""Five layers with hand-written backward passes in numpy, and typical bugs in such code."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

RNG = np.random.default_rng(0)


class Case(NamedTuple):
    """A layer, a point, its backward pass, and a backward pass with a planted bug."""

    name: str
    f: object
    point: tuple
    backward: object
    bug: str
    wrong: object
    words: str
    """A part of the message about the wrong gradient."""


# A convolution with stride 1 and no padding, as the usual loops over an array of zeros


def convolution(x, w, b):
    n, _, height, width = x.shape
    filters, _, k, _ = w.shape
    out = np.zeros((n, filters, height - k + 1, width - k + 1), dtype=x.dtype)
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            patch = x[:, :, i : i + k, j : j + k]
            out[:, :, i, j] = np.tensordot(patch, w, axes=([1, 2, 3], [1, 2, 3])) + b
    return out


def convolution_backward(x, w, b, upstream, flipped=False):
    k = w.shape[2]
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for i in range(upstream.shape[2]):
        for j in range(upstream.shape[3]):
            d = upstream[:, :, i, j]
            patch = x[:, :, i : i + k, j : j + k]
            dw += np.tensordot(d, patch[:, :, ::-1, ::-1] if flipped else patch, axes=([0], [0]))
            dx[:, :, i : i + k, j : j + k] += np.tensordot(d, w, axes=([1], [0]))
    return dx, dw, upstream.sum(axis=(0, 2, 3))


# Batch normalisation in training


def batch_norm(x, gamma, beta):
    centred = x - x.mean(axis=0)
    return gamma * centred / np.sqrt((centred**2).mean(axis=0) + 1e-5) + beta


def batch_norm_backward(x, gamma, beta, upstream, through_mean=True):
    n = len(x)
    centred = x - x.mean(axis=0)
    scale = 1 / np.sqrt((centred**2).mean(axis=0) + 1e-5)
    normed = centred * scale
    d = upstream * gamma
    dx = d - normed * (d * normed).mean(axis=0)
    if through_mean:
        dx = dx - d.sum(axis=0) / n
    return dx * scale, (upstream * normed).sum(axis=0), upstream.sum(axis=0)


# Softmax with cross-entropy


def cross_entropy(logits, labels):
    z = logits - logits.max(axis=1, keepdims=True)
    return (np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(labels)), labels]).mean()


def cross_entropy_backward(logits, labels, mean=True):
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = p / p.sum(axis=1, keepdims=True)
    p[np.arange(len(labels)), labels] -= 1
    return p / len(labels) if mean else p


# One step of an LSTM cell; the gates are i, f, o, g


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lstm(x, h, c, w, b):
    gates = np.split(np.concatenate([x, h], axis=1) @ w + b, 4, axis=1)
    i, f, o, g = (*map(sigmoid, gates[:3]), np.tanh(gates[3]))
    c_next = f * c + i * g
    return np.concatenate([o * np.tanh(c_next), c_next], axis=1)


def lstm_backward(x, h, c, w, b, upstream, both_paths=True):
    inputs = np.concatenate([x, h], axis=1)
    gates = np.split(inputs @ w + b, 4, axis=1)
    i, f, o, g = (*map(sigmoid, gates[:3]), np.tanh(gates[3]))
    c_next = f * c + i * g
    dh, dc = np.split(upstream, 2, axis=1)
    t = np.tanh(c_next)
    dc = dc + dh * o * (1 - t * t) if both_paths else dc
    d = [dc * g * i * (1 - i), dc * c * f * (1 - f), dh * t * o * (1 - o), dc * i * (1 - g * g)]
    d = np.concatenate(d, axis=1)
    din = d @ w.T
    return din[:, : x.shape[1]], din[:, x.shape[1] :], dc * f, inputs.T @ d, d.sum(axis=0)


# Scaled dot-product attention


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def attention(q, k, v):
    return softmax(q @ k.T / np.sqrt(q.shape[1])) @ v


def attention_backward(q, k, v, upstream, scaled=True):
    scale = 1 / np.sqrt(q.shape[1])
    p = softmax(q @ k.T * scale)
    dp = upstream @ v.T
    ds = p * (dp - (dp * p).sum(axis=1, keepdims=True))
    ds = ds * scale
    return ds @ k, ds.T @ q / (1 if scaled else scale), p.T @ upstream


def normal(*shape):
    return RNG.normal(size=shape)


CASES = [
    Case(
        "convolution", convolution, (normal(2, 2, 5, 5), normal(3, 2, 3, 3), normal(3)), convolution_backward,
        "patches turned round", lambda *a, upstream: convolution_backward(*a, upstream, True),
        "respect to w",
    ),
    Case(
        "batch normalisation", batch_norm, (normal(6, 3), normal(3), normal(3)), batch_norm_backward,
        "the path through the mean forgotten", lambda *a, upstream: batch_norm_backward(*a, upstream, False),
        "respect to x",
    ),
    Case(
        "softmax, cross-entropy", cross_entropy, (2 * normal(5, 4), np.array([0, 3, 1, 1, 2])),
        cross_entropy_backward,
        "the mean over the batch forgotten", lambda *a: cross_entropy_backward(*a, mean=False),
        "logits: the gradient is 5 times the right one",
    ),
    Case(
        "LSTM cell", lstm, (normal(3, 2), normal(3, 4), normal(3, 4), normal(6, 16), normal(16)), lstm_backward,
        "the path from h to c forgotten", lambda *a, upstream: lstm_backward(*a, upstream, False),
        "respect to x",
    ),
    Case(
        "attention", attention, (normal(4, 3), normal(5, 3), normal(5, 2)), attention_backward,
        "the scale forgotten in one of two", lambda *a, upstream: attention_backward(*a, upstream, False),
        "k: the gradient is 1.73205 times the right one",
    ),
]  # fmt: skip
