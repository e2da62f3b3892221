"""Classify handwritten digits: 64 pixels as inputs, ten scores as outputs, cross entropy as the loss."""

import random
import time

from showing import opening, place, saved

from nn import MLP, AdamW, CosineAnnealingLR, Dataset, digits, fit, load, plot_history, save
from nn.metrics import plain, predictions
from nn.plotting import plot_images, plot_weights
from nn.plotting.style import new_figure

ENGLISH = """\
1,797 handwritten digits of 8 by 8 pixels. The network has 64 inputs, a hidden layer, and ten outputs,
one score for each digit; the highest is its answer. It is trained on 1,000 of them, and tested on
the others."""
JAPANESE = """\
人が書いた 1,797 個の数字、8 × 8 画素。入力は 64 個、中間層が一つ、出力は数字ごとの点数で 10 個。
点数が最も高い数字を答えとする。1,000 個で学習し、見たことのない残りで試験する。"""


def main(folder: str = "pictures") -> None:
    """Train on a thousand digits, test on the others, and plot the mistakes and the weights."""
    opening(ENGLISH, JAPANESE)
    rng = random.Random(0)
    training, test = digits().split(1000 / 1797, rng)
    model, epochs = MLP(64, [32, 10], activation="tanh", rng=rng), 24
    print(f"{model}\n")
    optimiser = AdamW(model.parameters(), lr=0.015, weight_decay=0.3)
    started = time.perf_counter()

    def report(epoch, history):
        if epoch % 4 == 0 or epoch + 1 == epochs:
            loss, right = history.losses[-1], history.accuracies[-1]
            print(f"  epoch {epoch + 1:>2}   loss {loss:.4f}   accuracy {right:.1%}")

    history = fit(
        model, training, "cross_entropy", optimiser, epochs=epochs, batch_size=25, rng=rng,
        schedule=CosineAnnealingLR(optimiser, epochs), callbacks=[report], compiled=True,
    )  # fmt: skip
    took = time.perf_counter() - started
    scores = plain(predictions(model, test))
    answers = [each.index(max(each)) for each in scores]
    right = sum(answer == digit for answer, digit in zip(answers, test.targets, strict=True))
    print(f"\nOf {test.size} test digits {right / test.size:.1%} are classified correctly, after {took:.0f} s.")
    print(
        "(The graph is compiled to native code, which takes some of these seconds; the results are the same.)"
    )
    path = save(model, place(folder, "11_digits.safetensors"))
    another = MLP(64, [32, 10], activation="tanh", rng=random.Random(1))
    load(another, path)
    same = "the same" if plain(predictions(another, test)) == scores else "another"
    print(f"The trained model is its weights: {len(model.parameters()):,} numbers, saved in {path}.")
    print(f"A new network with these weights gives {same} answer to every digit.")
    confused = mistakes(test, answers)
    told = sorted(confused.items(), key=lambda item: -len(item[1]))[:4]
    print("Most often confused: " + ", ".join(f"{a} read as {b} ({len(n)} times)" for (a, b), n in told))
    wrong = [k for pair in confused.values() for k in pair][:16]
    titles = [f"{test.targets[k]} read as {answers[k]}" for k in wrong]
    figure, axes = new_figure(width=7, height=4)
    plot_history(history, axes).set_title("a thousand digits, epoch by epoch")
    print("Pictures:", saved(figure, folder, "11_history.png"), end=" ")
    shown = plot_images([test.inputs[k] for k in wrong], titles=titles, columns=8)
    print(saved(shown, folder, "11_mistakes.png"), end=" ")
    print(saved(plot_weights(model.layers[0], columns=8), folder, "11_weights.png"))
    print("In the last one each image is a hidden neuron: blue pixels raise its sum, vermilion ones lower it.")


def mistakes(data: Dataset, answers: list[int]) -> dict[tuple[int, int], list[int]]:
    """Return the indices of the misclassified images for each pair of digit and answer."""
    found: dict[tuple[int, int], list[int]] = {}
    for k, (digit, read) in enumerate(zip(data.targets, answers, strict=True)):
        if read != digit:
            found.setdefault((digit, read), []).append(k)
    return found


if __name__ == "__main__":
    main()
