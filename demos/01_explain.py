"""One expression explained: forward, backward step by step, gradients beside numerical ones."""

from showing import opening

from autograd.command_line.parsing import evaluate
from autograd.stepping.explain import explain

ENGLISH = """\
A change of f is proportional to f'(a). So from the error of y the error of x is computed, backwards:
the error that has arrived at a result, times the derivative of that one operation, is what it sends
back to its operand."""
JAPANESE = """\
f の変化は f'(a) に比例する。だから y の誤差から x の誤差が計算できる(逆向きに)。
計算結果に届いた誤差に、その演算の微分係数を掛けたものが、入力側へ送られる誤差である。"""


def main() -> None:
    """A neuron, y = tanh(s) with s = w x + b: how does y change with each of the three?"""
    opening(ENGLISH, JAPANESE)
    text = "s = w*x + b; y = tanh(s)"
    y, leaves = evaluate(text, {"w": 0.5, "x": 2.0, "b": -0.5})
    print(f"{text}   at {', '.join(f'{name} = {leaf.data}' for name, leaf in leaves.items())}\n")
    print(explain(y))
    print(f"\nw and x swap roles: dy/dw is F'(s) x = {leaves['w'].grad:+.4f}, and")
    print(f"dy/dx is F'(s) w = {leaves['x'].grad:+.4f}.")


if __name__ == "__main__":
    main()
