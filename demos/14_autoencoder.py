"""An autoencoder: the input is its own target, through a bottleneck of two numbers."""

import random
import time

from showing import opening, saved

from autograd import no_grad
from nn import Adam, Autoencoder, CosineAnnealingLR, Dataset, digits, fit
from nn.plotting import plot_codes, plot_images
from nn.plotting.style import new_figure

SHOWN = (0, 1, 3, 4, 6)

ENGLISH = """\
The input of an autoencoder is its own target, so it needs no labels. A bottleneck of two neurons
compresses 64 pixels into a code of two numbers, from which the rest of the network reconstructs the
image. From new codes it generates new images."""
JAPANESE = """\
オートエンコーダは、入力そのものが正解である。何の画像かを教える必要はない。
中央の狭い層(ニューロン 2 個)が 64 画素を 2 つの数(符号)に圧縮し、残りの層がそこから画像を復元する。
誰も書いていない符号からは、新しい画像を生成できる。"""


def main(folder: str = "pictures") -> None:
    """Compress digits to two numbers, plot the codes, reconstruct images, and generate new ones."""
    opening(ENGLISH, JAPANESE)
    rng = random.Random(4)
    whole = digits()
    data = whole.take(rng.sample([k for k, digit in enumerate(whole.targets) if digit in SHOWN], 500))
    model, epochs = Autoencoder(64, [32, 2], rng=rng, output="sigmoid"), 40
    print(f"{repr(model).splitlines()[0]}\n")
    optimiser = Adam(model.parameters(), lr=0.01)
    started = time.perf_counter()

    def report(epoch, history):
        if epoch in (0, 3, 9, 19, epochs - 1):
            print(f"  epoch {epoch + 1:>2}   mean squared error of a pixel {history.losses[-1]:.4f}")

    fit(
        model, Dataset(data.inputs, data.inputs), "mse_loss", optimiser, epochs=epochs, batch_size=20, rng=rng,
        schedule=CosineAnnealingLR(optimiser, epochs), callbacks=[report], compiled=True,
    )  # fmt: skip
    print(f"\n64 pixels through 2 numbers and back, after {time.perf_counter() - started:.0f} s.")
    with no_grad():
        codes = [model.encode(image) for image in data.inputs]
        figure, axes = new_figure(width=7, height=5.5)
        plot_codes(codes, data.targets, axes).set_title("the plane of codes, learnt without labels")
        print("The codes:", saved(figure, folder, "14_codes.png"))
        picked = [[k for k, digit in enumerate(data.targets) if digit == d][:2] for d in SHOWN]
        chosen = [k for pair in picked for k in pair]
        images = [data.inputs[k] for k in chosen] + [model(data.inputs[k]) for k in chosen]
        titles = ["in"] * len(chosen) + ["out"] * len(chosen)
        back = plot_images(images, columns=len(chosen), titles=titles)
        print("Reconstructed digits:", saved(back, folder, "14_reconstructed.png"))
        new = plot_images(generated(model, codes), columns=10)
        print("New digits, from codes on a grid:", saved(new, folder, "14_generated.png"))


def generated(model: Autoencoder, codes) -> list[list[float]]:
    """Return the images of a grid of codes: 10 to the right and 7 upwards, as in the plane of codes."""
    xs, ys = (span(sorted(code[k] for code in codes), count) for k, count in ((0, 10), (1, 7)))
    return [model.decode([x, y]) for y in reversed(ys) for x in xs]


def span(numbers: list[float], count: int) -> list[float]:
    """Return `count` numbers, evenly spaced between the smallest and the largest."""
    low, high = numbers[0], numbers[-1]
    return [low + (high - low) * k / (count - 1) for k in range(count)]


if __name__ == "__main__":
    main()
