"""Models made of modules: a sequence of them, an autoencoder, and modules without parameters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from random import Random
from typing import Any

from autograd import exp, logsumexp, total
from autograd.terminal import plural, quoted

from .argument_checks import RNG, generator, real, refuse_batch, several
from .chains import Function
from .init import Initialiser
from .layers import DEFAULT_ACTIVATION, MLP, activation_function
from .layers import Activation as ActivationName
from .metrics import as_list
from .module import Module


class Sequential(Module):
    """A chain of modules: each takes the output of the previous one, as in PyTorch's Sequential.

    They are named by their position, as in PyTorch: `0.weight`. Plain functions are allowed too.
    Raises ValueError for an empty chain, TypeError for an element that is not callable.

    >>> from nn import Layer
    >>> first, last = Layer(2, 3, "linear"), Layer(3, 2, "linear")
    >>> model = Sequential(first, Activation("tanh"), last, Softmax())
    >>> round(sum(p.data for p in model([1.0, -1.0])), 12), list(model.state_dict())
    (1.0, ['0.weight', '0.bias', '2.weight', '2.bias'])
    """

    def __init__(self, *modules: Callable[[Any], Any]) -> None:
        if not modules:
            raise ValueError("a Sequential needs at least one module")
        for position, module in enumerate(modules):
            if not callable(module) or (isinstance(module, type) and issubclass(module, Module)):
                raise TypeError(f"a Sequential takes modules and functions, not {quoted(module)}")
            setattr(self, str(position), module)

    def forward(self, inputs: Any) -> Any:
        for module in self:
            inputs = module(inputs)
        return inputs

    def __iter__(self) -> Iterator[Callable[[Any], Any]]:
        return (module for name, module in vars(self).items() if name.isdigit())

    def __getitem__(self, position: int) -> Any:
        return list(self)[position]

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _shown_children(self) -> list[tuple[str, Module]]:
        """Return the modules with their positions; a plain function as a `Function`."""
        return [(str(k), m if isinstance(m, Module) else Function(m)) for k, m in enumerate(self)]

    def describe(self) -> str:
        return plural(len(self), "module")


class Activation(Module):
    """An activation as a separate module: by name, or any function of one number.

    >>> Activation("relu")([-1.0, 2.0])
    [0.0, 2.0]
    """

    def __init__(self, activation: ActivationName) -> None:
        self.activation: str
        self.activation, self._function = activation_function(activation)

    def forward(self, inputs: Any) -> Any:
        if isinstance(inputs, Collection):
            refuse_batch(inputs, "activation")
            return [self._function(x) for x in inputs]
        return self._function(inputs)

    def describe(self) -> str:
        return self.activation


class Dropout(Module):
    """Set each input to 0 with probability p in training, and divide the others by 1 - p.

    In evaluation mode (`model.eval()`) it does nothing. N. Srivastava and others, Dropout: a simple
    way to prevent neural networks from overfitting, JMLR 15 (2014). Raises ValueError for a p
    outside 0 <= p < 1.

    >>> Dropout(0.5, rng=1)([1.0, 1.0, 1.0, 1.0])
    [0.0, 2.0, 2.0, 0.0]
    """

    def __init__(self, p: float = 0.5, *, rng: RNG = None) -> None:
        if not 0 <= real("p", p) < 1:
            raise ValueError(
                f"p, the probability of dropping an input, must satisfy 0 <= p < 1, got {quoted(p)}"
            )
        self.p: float = p
        self.rng: Random = generator(rng)

    def forward(self, inputs: Sequence[Any]) -> Any:
        if not self.training or not self.p:
            return inputs
        refuse_batch(inputs, "dropout")
        return [0.0 * x if self.rng.random() < self.p else x / (1 - self.p) for x in inputs]

    def describe(self) -> str:
        return f"p={self.p:g}"


class Softmax(Module):
    """Positive numbers that add up to 1: exp(z_k) / sum of exp(z_j), exact for every z.

    Computed as exp(-logsumexp(z_j - z_k)), where no large numbers lose the small ones' digits.

    For training use `cross_entropy` on its inputs, the logits.

    >>> Softmax()([1000.0, 1000.0])
    [0.5, 0.5]
    """

    def forward(self, inputs: Sequence[Any]) -> list[Any]:
        refuse_batch(inputs, "softmax")
        level = logsumexp(inputs)
        terms = [exp(z - level) for z in inputs]
        whole = total(terms)  # 1, except for the digits that the level has lost
        return [term / whole for term in terms]


class Autoencoder(Module):
    """An encoder that compresses its inputs to a code, and a decoder that reconstructs them.

    The input is its own target: train it with `mse_loss` against the inputs. `widths` are the
    layers' widths from the first hidden one to the code; the decoder mirrors them. The code is
    linear, and so is the output unless `output` names an activation. Raises ValueError for no widths.

    >>> model = Autoencoder(64, [16, 2], rng=0)
    >>> len(model.encode([0.0] * 64)), len(model([0.0] * 64))
    (2, 64)
    """

    def __init__(
        self,
        inputs: int,
        widths: Sequence[int],
        activation: ActivationName = DEFAULT_ACTIVATION,
        *,
        rng: RNG = None,
        output: ActivationName = "linear",
        init: str | Initialiser | None = None,
    ) -> None:
        several("widths", widths, "from the first hidden layer to the code, such as [16, 2]")
        if not len(widths):
            raise ValueError("an autoencoder needs at least one width: end the list with the width of the code")
        rng = generator(rng)
        inside: list[ActivationName] = [activation] * (len(widths) - 1)
        self.encoder: MLP = MLP(inputs, widths, [*inside, "linear"], rng=rng, init=init)
        self.decoder: MLP = MLP(
            widths[-1], [*reversed(widths[:-1]), inputs], [*inside, output], rng=rng, init=init
        )

    def encode(self, inputs: Sequence[Any]) -> list[Any]:
        """Return the code of an input, as a list.

        >>> len(Autoencoder(4, [3, 2]).encode([0.1, 0.2, 0.3, 0.4]))
        2
        """
        return as_list(self.encoder(inputs))

    def decode(self, code: Sequence[Any]) -> list[Any]:
        """Return the reconstruction of a code; a new code gives a new input.

        >>> len(Autoencoder(4, [3, 2]).decode([0.5, -0.5]))
        4
        """
        return as_list(self.decoder(code))

    def forward(self, inputs: Sequence[Any]) -> list[Any]:
        return self.decode(self.encode(inputs))

    def describe(self) -> str:
        return f"{self.encoder.describe()} -> {self.decoder.describe().partition(' -> ')[2]}"
