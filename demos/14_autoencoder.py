"""An autoencoder: the input is its own answer, and a middle of two numbers has to hold it."""

import random
import time

from showing import opening, saved

from autograd import no_grad
from nn import Adam, Autoencoder, CosineAnnealingLR, Dataset, digits, fit
from nn.plotting import plot_codes, plot_images
from nn.plotting.style import new_figure

SHOWN = (0, 1, 3, 4, 6)

ENGLISH = """\
An autoencoder's input is its own answer: nobody has to tell it what the images are. A narrow middle
layer of two neurons compresses 64 pixels into a code of two numbers, from which the rest of the
network has to draw the image again. And from codes that nobody has written it draws new ones."""
JAPANESE = """\
オートエンコーダは、入力そのものが正解である。何の画像かを教える必要はない。
中央の狭い層(ニューロン 2 個)が 64 画素を 2 つの数(符号)に圧縮し、残りの層がそこから画像を復元する。
誰も書いていない符号からは、新しい画像を生成できる。"""


def main(folder: str = "pictures") -> None:
    """Compress digits to two numbers, plot the codes, give images back, and make digits nobody wrote."""
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
        plot_codes(codes, data.targets, axes).set_title("the plane of codes; nobody told it the digits")
        print("The codes:", saved(figure, folder, "14_codes.png"))
        picked = [[k for k, digit in enumerate(data.targets) if digit == d][:2] for d in SHOWN]
        chosen = [k for pair in picked for k in pair]
        images = [data.inputs[k] for k in chosen] + [model(data.inputs[k]) for k in chosen]
        titles = ["in"] * len(chosen) + ["out"] * len(chosen)
        back = plot_images(images, columns=len(chosen), titles=titles)
        print("Digits given back:", saved(back, folder, "14_given_back.png"))
        new = plot_images(generated(model, codes), columns=10)
        print("New ones, drawn from codes on a grid:", saved(new, folder, "14_generated.png"))


def generated(model: Autoencoder, codes) -> list[list[float]]:
    """The images of a grid of codes: as the plane of codes lies, 10 to the right and 7 upwards."""
    xs, ys = (span(sorted(code[k] for code in codes), count) for k, count in ((0, 10), (1, 7)))
    return [model.decode([x, y]) for y in reversed(ys) for x in xs]


def span(numbers: list[float], count: int) -> list[float]:
    """So many numbers, evenly between the smallest and the largest."""
    low, high = numbers[0], numbers[-1]
    return [low + (high - low) * k / (count - 1) for k in range(count)]


if __name__ == "__main__":
    main()
