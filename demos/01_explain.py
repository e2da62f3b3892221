"""One expression explained: forward, backward step by step, gradients beside numerical ones."""

from autograd.explaining import explain
from autograd.parsing import evaluate


def main() -> None:
    """A neuron, y = tanh(s) with s = w x + b: how does y change with each of the three?"""
    text = "s = w*x + b; y = tanh(s)"
    y, leaves = evaluate(text, {"w": 0.5, "x": 2.0, "b": -0.5})
    print(f"{text}   at {', '.join(f'{name} = {leaf.data}' for name, leaf in leaves.items())}\n")
    print(explain(y))
    print(
        "\nRead a step like this: the error that has arrived at a result, times the derivative of\n"
        "that one operation, is what it sends back to its operand. w and x swap roles: dy/dw is\n"
        f"F'(s) x = {leaves['w'].grad:+.4f}, and dy/dx is F'(s) w = {leaves['x'].grad:+.4f}."
    )


if __name__ == "__main__":
    main()
