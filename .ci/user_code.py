# pyright: strict
"""Code as users write it, with the types that an editor should know: `.ci/typed` runs pyright over it."""

import math
from random import Random

from typing_extensions import assert_type

import autograd
from autograd import Value, draw, exp, grad, gradients, label, operation, tanh, total, where
from autograd.checking import check, check_gradients_of
from nn import MLP, SGD, Dataset, EarlyStopping, History, Layer, Module, Neuron, accuracy, fit, moons, mse_loss

# Values
x, w = Value(2.0, "x"), Value(0.5, "w")
y = assert_type(tanh(w * x) + exp(-x) + 2 * x**2 - x % 3, Value)
y.backward()
print(f"{w.grad:.3f}", math.sqrt(abs(w.grad)), x.grad + 1.0)
for parameter in (x, w):
    parameter.data -= 0.1 * parameter.grad
assert_type(round(x), Value)
assert_type(math.floor(x), Value)
assert_type(divmod(x, 2), tuple[Value, Value])
assert_type(max(x, w), Value)
assert_type(total([x, w]), Value)
assert_type(where(x > w, x, 0.0), Value)
assert_type(tanh(0.5), float)
first, second = gradients(y, [x, w])
label(x=x, w=[w])

# Stepping: a command returns a step, except at the ends of the pass.
stepper = y.backprop()
print(stepper.step().contribution, stepper.until("x").after, stepper.back().after, stepper.goto(1).partial)
print(stepper.peek().contribution, [step.before for step in stepper.step(2)], [step.node for step in stepper])
stepper.save("step.svg", theme="dark")

# Pictures, checks, compiled functions
assert_type(draw(y, theme="dark", rankdir="TB").svg(), str)
if cause := check(tanh(x)).cause:
    print(cause.why)


def loss(parameters: dict[str, list[Value]]) -> Value:
    return total([weight * weight for weight in parameters["w"]])


print(grad(loss)({"w": [1.0, 2.0]})["w"], autograd.compile(loss).value_and_grad({"w": [1.0, 2.0]})[1]["w"])


@check_gradients_of(loss, {"parameters": {"w": [(0.0, 1.0)]}})
def test_loss() -> None: ...


# Operations of one's own
softsign = operation("softsign(x)", "x / (1 + abs(x))", "1 / (1 + abs(x)) ** 2")
assert_type(softsign(x), Value)
assert_type(softsign(2.0), float)


def slope(t: float) -> float:
    return 3 * t * t


@operation(partials=slope)
def cube(t: float) -> float:
    return t**3


assert_type(cube(x), Value)


# Networks
class Net(Module):
    def __init__(self, rng: Random) -> None:
        self.hidden = Layer(2, 3, rng=rng)
        self.output = Neuron(3, "linear", rng=rng)

    def forward(self, inputs: list[float]) -> Value:
        return self.output(self.hidden(inputs))


train, test = assert_type(moons(100, rng=Random(0)), Dataset).split(0.8, rng=Random(0))
model = MLP(2, [8, 1], rng=Random(1))
history = fit(model, train, validation=test, epochs=2, early_stopping=EarlyStopping(3), progress=False)
assert_type(history, History)
print(history.losses[-1], history[-1].loss, accuracy(model, test), Net(Random(0))([1.0, 2.0]))
optimiser = SGD(model.parameters(), lr=0.1, momentum=0.9)
for inputs, target in zip(train.inputs, train.targets, strict=True):
    error = mse_loss([model(inputs)], [target])
    optimiser.zero_grad()
    error.backward()
    optimiser.step()
