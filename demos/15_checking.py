"""Is a gradient right? The checker finds a forgotten product rule, a cut edge, and undecidable cases."""

import math
from pathlib import Path

from autograd import cos, exp, operation, relu, sigmoid, tanh
from autograd.checking import check_gradients


def main(folder: str = "pictures") -> None:
    """Show reports that are right, wrong and undecided, each with its evidence."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)

    def show(title: str, *arguments, **options) -> None:
        print(f"{title}\n{check_gradients(*arguments, raises=False, **options)}\n")

    show("A function of two numbers:", lambda x, y: tanh(x) * exp(y), 0.5, 1.0)
    swish = operation("swish(x)", "x * sigmoid(x)", ["sigmoid(x)"])
    show("An operation whose derivative forgot the product rule:", lambda x: swish(exp(x)), 0.5,
         save=target / "15_wrong.svg")  # fmt: skip
    show("An edge that was silently cut:", lambda x: x * sigmoid(x).detach(), 0.5)
    show("A derivative written by hand, of a function of plain floats:", math.atan, 0.5,
         gradient=lambda x: 1 / (1 + x))  # fmt: skip
    show("At a kink, a convention:", lambda x: relu(x) - relu(-x), 0.0)
    show("Undecidable, because float64 has lost the digits:", lambda x: cos(x * x), 2401828513.0)
    print(f"Picture: {target / '15_wrong.svg'}")


if __name__ == "__main__":
    main()
