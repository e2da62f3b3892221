"""Explain one expression: forward pass, backward pass step by step, and a numerical check of the gradients."""

from showing import opening

from autograd.command_line.parsing import evaluate
from autograd.stepping.explain import explain

ENGLISH = """\
A small change of x changes f by f'(a) times as much. So the error of x follows from the error of y,
backwards: the error that has arrived at a result, times the derivative of that one operation, is its
contribution to the operand."""
JAPANESE = """\
f の変化は f'(a) に比例する。だから y の誤差から x の誤差が計算できる(逆向きに)。
計算結果に届いた誤差に、その演算の微分係数を掛けたものが、入力側へ送られる誤差である。"""


def main() -> None:
    """Differentiate a neuron, y = tanh(s) with s = w x + b, with respect to w, x and b."""
    opening(ENGLISH, JAPANESE)
    text = "s = w*x + b; y = tanh(s)"
    y, leaves = evaluate(text, {"w": 0.5, "x": 2.0, "b": -0.5})
    print(f"{text}   at {', '.join(f'{name} = {leaf.data}' for name, leaf in leaves.items())}\n")
    print(explain(y))
    print(f"\nw and x swap roles: dy/dw is F'(s) x = {leaves['w'].grad:+.4f}, and")
    print(f"dy/dx is F'(s) w = {leaves['x'].grad:+.4f}.")


if __name__ == "__main__":
    main()
