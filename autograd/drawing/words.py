"""The words of a caption, in English and Japanese: legend, titles and steps."""

from __future__ import annotations

from ..backward_pass import BackwardPass, State, Step, earlier_words
from ..formulas import fixed, grouped
from ..terminal import cut, plural

LANGUAGES = ("en", "ja")

LEGEND = {
    "positive": ("positive contribution", "正の寄与"),
    "negative": ("negative contribution", "負の寄与"),
    "zero": ("contribution of zero", "寄与が 0"),
    "width": ("the wider, the larger", "太いほど大きい"),
    "length": ("norm ‖·‖ of several contributions", "複数の寄与のノルム ‖·‖"),
    "ahead": ("no error has flowed back yet", "誤差はまだ流れていない"),
    "present": ("the current step", "現在のステップ"),
    "local": ("local derivative", "局所微分"),
    "symbols": ("local derivative in symbols", "局所微分の式"),
    "contribution": ("contribution: upstream grad × local derivative", "寄与 = 上流の勾配 × 局所微分"),
    "sum": ("sum of n contributions", "n 個の寄与の和"),
    "earlier": ("plus contributions of earlier passes", "と以前の逆伝播の分"),
    "waiting": ("k of n contributions have arrived", "n 個の寄与のうち k 個が届いた"),
    "none": ("no gradient has arrived", "勾配はまだ届いていない"),
    "root": ("root: the output", "根: 微分される値 (出力)"),
    "leaf": ("leaf: not computed", "葉: 計算されていない値"),
    "constant": ("plain number, without a gradient", "ただの数 (勾配なし)"),
    "input": ("input", "入力"),
    "again": ("value drawn again; its grad is in its large box", "同じ値の再掲 (勾配は大きい箱に)"),
    "more": ("more values, not shown", "表示していない値"),
    "weight +": ("in the network: positive weight", "ネットワーク内: 正の重み"),
    "weight −": ("in the network: negative weight", "ネットワーク内: 負の重み"),
    "outside +": ("outside it: positive contribution", "その外: 正の寄与"),
    "outside −": ("outside it: negative contribution", "その外: 負の寄与"),
    "line": ("weight × input, its gradient", "重み × 入力, その勾配"),
    "neuron": ("b bias, z sum, out activation of z", "b バイアス, z 和, out 活性化後の値"),
    "listed": ("operand: name, data × local derivative, contribution", "入力: 名前, 値 × 局所微分, 寄与"),
    "error": ("out grad: gradient of the output", "out grad: 出力の勾配"),
    "errors": ("‖error‖ of n: norm of n gradients", "‖error‖ of n: n 個の勾配のノルム"),
}
"""The meaning of each symbol in a picture."""


def legend_words(key: str, language: str) -> str:
    """Return the meaning of a symbol.

    >>> legend_words("leaf", "ja")
    '葉: 計算されていない値'
    """
    return LEGEND[key][LANGUAGES.index(language)]


def left_out_words(count: int, language: str) -> str:
    """Return the note on the number of edges of a network that are not drawn."""
    words = f"{plural(count, 'weaker edge')} left out", f"弱い辺 {count:,} 本は省略"
    return words[LANGUAGES.index(language)]


def title_words(recorded: BackwardPass, state: State, language: str) -> str:
    """Return the title of a state that is not at a particular step."""
    if language == "en":
        return state.title
    count = len(recorded.edges)
    if state.done is None:
        return "順伝播" if state.title == "forward pass" else f"逆伝播 完了: 連鎖律 {count:,} ステップ"
    if state.done < 0:
        return f"順伝播 完了; これから連鎖律 {count:,} ステップを逆にたどる"
    return (
        f"逆伝播 完了: 連鎖律 {count:,} ステップ"
        if state.done == count
        else f"出力自身の勾配, 続いて {count:,} ステップ"
    )


def rest_words(recorded: BackwardPass, state: State, language: str) -> str:
    """Return the line below the title of a state that is not at a step: grads from earlier passes."""
    if language == "en" or not state.earlier:
        return earlier_words(recorded, state)
    parts = [
        f"{cut(grouped(recorded.names[recorded.order[k]]), 24)}.grad に {fixed(grad, sign=True)}"
        for k, grad in state.earlier
    ]
    more = f" ほか {len(parts) - 3:,} 個" if parts[3:] else ""
    return f"以前の逆伝播などの分: {', '.join(parts[:3])}{more} (zero_grad() で 0 に戻る)"


def step_words(step: Step, name: str, language: str) -> tuple[str, str]:
    """Return the chain rule of a step in symbols and numbers, and the change of the grad of `name`."""
    if language == "en":
        return f"step {step.number} of {step.of}   {step.chained('∂')}", step.change()
    many = f"{step.expected} 個の寄与のうち {step.count} 個目, " if step.expected > 1 else ""
    before, after = fixed(step.before, sign=True), fixed(step.after, sign=True)
    state = "確定" if step.final else "未確定"
    change = f"{name}.grad: {before} -> {after}   ({many}{state})"
    return f"ステップ {step.number} / {step.of}   {step.chained('∂')}", change
