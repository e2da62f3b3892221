"""Optimisers and schedules: PyTorch's trajectories, the papers' formulas, states saved and restored."""

import itertools
import json
import math
import random

import pytest

from autograd import Value, square, total
from nn import (
    SGD,
    Adam,
    AdamW,
    CosineAnnealingLR,
    ExponentialLR,
    ReduceLROnPlateau,
    RMSprop,
    Schedule,
    StepLR,
    WarmUp,
    clip_grad_norm_,
)

START, STEPS = [1.5, -0.7, 0.3], 60

OPTIMISERS = {
    "plain": (SGD, "SGD", {"lr": 0.02}),
    "momentum": (SGD, "SGD", {"lr": 0.01, "momentum": 0.9}),
    "nesterov": (SGD, "SGD", {"lr": 0.01, "momentum": 0.9, "nesterov": True}),
    "decay": (SGD, "SGD", {"lr": 0.01, "momentum": 0.5, "weight_decay": 0.1}),
    "rmsprop": (RMSprop, "RMSprop", {"lr": 0.01}),
    "rmsprop with momentum": (
        RMSprop,
        "RMSprop",
        {"lr": 0.01, "alpha": 0.9, "momentum": 0.5, "weight_decay": 0.05},
    ),
    "adam": (Adam, "Adam", {"lr": 0.05}),
    "adam with decay": (Adam, "Adam", {"lr": 0.05, "weight_decay": 0.1, "betas": (0.8, 0.99)}),
    "adamw": (AdamW, "AdamW", {"lr": 0.05, "weight_decay": 0.1}),
}


def bowl(w):
    """Rosenbrock's valley in three numbers: curved, and steep across."""
    return total([100 * square(b - square(a)) + square(1 - a) for a, b in itertools.pairwise(w)]) / 50


def trajectory(make, options, steps=STEPS, schedule=None):
    """Return the parameters after each step."""
    w = [Value(x) for x in START]
    optimiser = make(w, **options)
    plan = schedule(optimiser) if schedule else None
    path = []
    for _ in range(steps):
        optimiser.zero_grad()
        bowl(w).backward()
        optimiser.step()
        if plan:
            plan.step()
        path.append([v.data for v in w])
    return path


@pytest.mark.parametrize("name", sorted(OPTIMISERS))
@pytest.mark.slow
def test_the_trajectory_is_pytorchs_to_1e_12(name):
    torch = pytest.importorskip("torch")
    ours, theirs, options = OPTIMISERS[name]
    w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimiser = getattr(torch.optim, theirs)([w], **options)
    for found in trajectory(ours, options):
        optimiser.zero_grad()
        loss = (100 * (w[1:] - w[:-1] ** 2) ** 2 + (1 - w[:-1]) ** 2).sum() / 50
        loss.backward()
        optimiser.step()
        assert found == pytest.approx(w.tolist(), rel=1e-12, abs=1e-12)


def slope(w):
    """Return the gradient of the bowl, by hand."""
    g = [0.0] * len(w)
    for k, (a, b) in enumerate(itertools.pairwise(w)):
        g[k] += (-400 * a * (b - a * a) - 2 * (1 - a)) / 50
        g[k + 1] += 200 * (b - a * a) / 50
    return g


def by_the_papers(name, steps):
    """Return the same trajectories from the papers' formulas, step t from 1."""
    _, kind, o = OPTIMISERS[name]
    w, m, v = list(START), [0.0] * 3, [0.0] * 3
    for t in range(1, steps + 1):
        decay = o.get("weight_decay", 0.0)
        g = [x + (decay * y if kind != "AdamW" else 0.0) for x, y in zip(slope(w), w, strict=True)]
        for k in range(3):
            if kind == "SGD":
                m[k] = o.get("momentum", 0.0) * m[k] + g[k]
                w[k] -= o["lr"] * (g[k] + o["momentum"] * m[k] if o.get("nesterov") else m[k])
            elif kind == "RMSprop":
                a = o.get("alpha", 0.99)
                v[k] = a * v[k] + (1 - a) * g[k] ** 2
                m[k] = o.get("momentum", 0.0) * m[k] + g[k] / (math.sqrt(v[k]) + 1e-8)
                w[k] -= o["lr"] * m[k]
            else:
                b1, b2 = o.get("betas", (0.9, 0.999))
                if kind == "AdamW":
                    w[k] *= 1 - o["lr"] * decay
                m[k], v[k] = b1 * m[k] + (1 - b1) * g[k], b2 * v[k] + (1 - b2) * g[k] ** 2
                w[k] -= o["lr"] * (m[k] / (1 - b1**t)) / (math.sqrt(v[k] / (1 - b2**t)) + 1e-8)
    return w


@pytest.mark.parametrize("name", sorted(OPTIMISERS))
def test_the_trajectory_is_that_of_the_papers_formulas(name):
    make, _, options = OPTIMISERS[name]
    assert trajectory(make, options)[-1] == pytest.approx(by_the_papers(name, STEPS), rel=1e-9)


@pytest.mark.parametrize("name", sorted(OPTIMISERS))
def test_a_state_that_went_through_json_goes_on_exactly(name):
    make, _, options = OPTIMISERS[name]
    whole = trajectory(make, options, 20)
    w = [Value(x) for x in START]
    first = make(w, **options)
    for k in range(20):
        if k == 7:  # as if the program had ended here
            state = json.loads(json.dumps(first.state_dict()))
            first = make(w, lr=9.0)
            first.load_state_dict(state)
        first.zero_grad()
        bowl(w).backward()
        first.step()
        assert [v.data for v in w] == whole[k]


def test_a_state_of_something_else_changes_nothing():
    w = [Value(1.0), Value(2.0)]
    adam = Adam(w, lr=0.5)
    before = adam.state_dict()
    with pytest.raises(ValueError, match="not the state of Adam"):
        adam.load_state_dict(SGD(w, lr=0.1).state_dict())
    with pytest.raises(ValueError, match="for 1 parameters, not for 2"):
        adam.load_state_dict(Adam(w[:1], lr=0.1).state_dict())
    assert adam.state_dict() == before


@pytest.mark.parametrize(
    ("make", "options", "word"),
    [
        (SGD, {"lr": 0.0}, "lr"), (SGD, {"lr": 0.1, "momentum": 1.0}, "momentum"),
        (SGD, {"lr": 0.1, "nesterov": True}, "nesterov"), (SGD, {"lr": 0.1, "weight_decay": -1.0}, "weight"),
        (Adam, {"betas": (0.9, 1.0)}, "betas"), (Adam, {"eps": -1.0}, "eps"),
        (RMSprop, {"alpha": 1.5}, "alpha"),
    ],
)  # fmt: skip
def test_settings_outside_their_range_are_errors(make, options, word):
    with pytest.raises(ValueError, match=word):
        make([Value(1.0)], **options)
    with pytest.raises(ValueError, match="nothing to optimise"):
        make([], lr=0.1)


def test_the_repr_has_the_settings():
    optimiser = SGD([Value(1.0), Value(2.0)], lr=0.1, momentum=0.9)
    assert repr(optimiser) == "SGD(2 parameters, lr=0.1, weight_decay=0.0, momentum=0.9, nesterov=False)"


def test_a_long_gradient_is_shortened_and_a_short_one_left_alone():
    w = [Value(0.0), Value(0.0)]
    w[0].grad, w[1].grad = 3.0, -4.0
    assert clip_grad_norm_(w, 10.0) == 5.0
    assert [v.grad for v in w] == [3.0, -4.0]
    assert clip_grad_norm_(w, 1.0) == 5.0
    assert math.hypot(w[0].grad, w[1].grad) == pytest.approx(1.0, rel=1e-6)
    with pytest.raises(ValueError, match="max_norm"):
        clip_grad_norm_(w, 0.0)


# Schedules

SCHEDULES = {
    "step": lambda o: StepLR(o, step_size=3, gamma=0.5),
    "exponential": lambda o: ExponentialLR(o, gamma=0.9),
    "cosine": lambda o: CosineAnnealingLR(o, T_max=8, eta_min=0.01),
    "warm-up": lambda o: WarmUp(o, epochs=4, start=0.25),
    "warm-up, then cosine": lambda o: WarmUp(o, epochs=4, start=0.25, after=CosineAnnealingLR(o, T_max=6)),
}


def rates(make, epochs=8):
    optimiser = SGD([Value(0.0)], lr=0.4)
    schedule = make(optimiser)
    found = [optimiser.lr]
    for _ in range(epochs):
        schedule.step()
        found.append(optimiser.lr)
    return found


def test_schedules_follow_their_closed_forms():
    assert rates(Schedule) == [0.4] * 9
    assert rates(SCHEDULES["step"]) == pytest.approx([0.4] * 3 + [0.2] * 3 + [0.1] * 3)
    assert rates(SCHEDULES["exponential"]) == pytest.approx([0.4 * 0.9**k for k in range(9)])
    cosine = [0.01 + 0.39 * (1 + math.cos(math.pi * k / 8)) / 2 for k in range(9)]
    assert rates(SCHEDULES["cosine"]) == pytest.approx(cosine)
    assert rates(SCHEDULES["warm-up"]) == pytest.approx([0.1, 0.175, 0.25, 0.325] + [0.4] * 5)


def test_schedules_are_pytorchs():
    torch = pytest.importorskip("torch")
    s = torch.optim.lr_scheduler
    theirs = {
        "step": lambda o: s.StepLR(o, 3, 0.5),
        "exponential": lambda o: s.ExponentialLR(o, 0.9),
        "cosine": lambda o: s.CosineAnnealingLR(o, 8, 0.01),
        "warm-up": lambda o: s.LinearLR(o, 0.25, 1.0, 4),
        "warm-up, then cosine": lambda o: s.SequentialLR(
            o, [s.LinearLR(o, 0.25, 1.0, 4), s.CosineAnnealingLR(o, 6)], [4]
        ),
    }
    for name, make in theirs.items():
        optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.4)
        plan = make(optimiser)
        found = [optimiser.param_groups[0]["lr"]]
        for _ in range(8):
            optimiser.step()
            plan.step()
            found.append(optimiser.param_groups[0]["lr"])
        assert rates(SCHEDULES[name]) == pytest.approx(found, rel=1e-9), name


def test_a_plateau_reduces_as_pytorch_does():
    rng = random.Random(1)
    metrics = [1 / (1 + k) + 0.3 * rng.random() for k in range(40)]
    optimiser = SGD([Value(0.0)], lr=1.0)
    plan = ReduceLROnPlateau(optimiser, factor=0.5, patience=2, min_lr=0.01)
    found = []
    for metric in metrics:
        plan.step(metric)
        found.append(optimiser.lr)
    assert found[-1] < found[0]
    assert plan.rate(plan.epoch) == optimiser.lr  # the share of the initial rate, 1.0
    torch = pytest.importorskip("torch")
    theirs = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    peer = torch.optim.lr_scheduler.ReduceLROnPlateau(theirs, factor=0.5, patience=2, min_lr=0.01)
    for metric, lr in zip(metrics, found, strict=True):
        peer.step(metric)
        assert lr == pytest.approx(theirs.param_groups[0]["lr"])


@pytest.mark.parametrize("name", [*SCHEDULES, "plateau"])
def test_a_schedule_goes_on_from_its_state(name):
    make = SCHEDULES.get(name, lambda o: ReduceLROnPlateau(o, patience=1))
    optimiser, metrics = SGD([Value(0.0)], lr=0.4), [1.0, 0.9, 0.95, 0.96, 0.97, 0.98, 0.99, 1.0]
    plan = make(optimiser)
    for metric in metrics[:4]:
        plan.step(metric)
    other = SGD([Value(0.0)], lr=0.4)
    resumed = make(other)
    resumed.load_state_dict(json.loads(json.dumps(plan.state_dict())))
    for metric in metrics[4:]:
        plan.step(metric)
        resumed.step(metric)
        assert other.lr == optimiser.lr
    with pytest.raises(ValueError, match="not the state of"):
        resumed.load_state_dict({"nothing": 1})


def test_schedules_refuse_invalid_arguments():
    optimiser = SGD([Value(0.0)], lr=0.4)
    for make in (
        lambda: StepLR(optimiser, step_size=0), lambda: ExponentialLR(optimiser, gamma=1.5),
        lambda: CosineAnnealingLR(optimiser, T_max=0), lambda: WarmUp(optimiser, epochs=0),
        lambda: ReduceLROnPlateau(optimiser, patience=-1), lambda: ReduceLROnPlateau(optimiser).step(),
        lambda: WarmUp(optimiser, 2, after=ReduceLROnPlateau(optimiser)),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"got|metric|depends"):
            make()


@pytest.mark.parametrize("given", [-1, math.nan, math.inf, -math.inf, "two", None, True])
def test_no_setting_is_negative_infinite_nan_or_another_type(given):
    optimiser = SGD([Value(0.0)], lr=0.4)
    for make in (
        lambda: StepLR(optimiser, step_size=given), lambda: StepLR(optimiser, 1, gamma=given),
        lambda: ExponentialLR(optimiser, gamma=given), lambda: CosineAnnealingLR(optimiser, T_max=given),
        lambda: CosineAnnealingLR(optimiser, 1, eta_min=given), lambda: WarmUp(optimiser, epochs=given),
        lambda: WarmUp(optimiser, 1, start=given), lambda: ReduceLROnPlateau(optimiser, patience=given),
        lambda: ReduceLROnPlateau(optimiser, factor=given), lambda: ReduceLROnPlateau(optimiser, min_lr=given),
        lambda: ReduceLROnPlateau(optimiser, threshold=given), lambda: SGD([Value(0.0)], lr=given),
        lambda: SGD([Value(0.0)], 0.1, weight_decay=given), lambda: SGD([Value(0.0)], 0.1, momentum=given),
        lambda: RMSprop([Value(0.0)], alpha=given), lambda: Adam([Value(0.0)], eps=given),
    ):  # fmt: skip
        with pytest.raises((ValueError, TypeError), match=r"must (be|satisfy)"):
            make()


def test_momentum_is_a_running_sum_of_gradients():
    w = Value(1.0)
    optimiser = SGD([w], lr=0.1, momentum=0.5)
    velocity, expected = 0.0, 1.0
    for _ in range(5):
        optimiser.zero_grad()
        (w * w).backward()
        velocity = 0.5 * velocity + 2 * expected
        expected -= 0.1 * velocity
        optimiser.step()
        assert w.data == pytest.approx(expected)
