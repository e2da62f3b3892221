"""An autoencoder: the input is its own answer, and a middle of two numbers has to hold it."""

import random
import time
from pathlib import Path

from autograd import no_grad
from nn import Adam, Autoencoder, CosineAnnealingLR, Dataset, digits, fit
from nn.plotting import plot_codes, plot_images
from nn.style import new_figure

SHOWN = (0, 1, 3, 4, 6)


def main(folder: str = "pictures") -> None:
    """Compress digits to two numbers, plot the codes, give images back, and make digits nobody wrote."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    rng = random.Random(4)
    whole = digits()
    chosen = [k for k, digit in enumerate(whole.targets) if digit in SHOWN]
    data = whole.take(rng.sample(chosen, 400))
    answers = Dataset(data.inputs, data.inputs)
    model = Autoencoder(64, [16, 2], rng=rng, output="sigmoid")
    print(f"{repr(model).splitlines()[0]}\n")
    optimiser = Adam(model.parameters(), lr=0.02)
    started, epochs = time.perf_counter(), 16

    def report(epoch, history):
        if epoch % 3 == 0:
            print(f"  epoch {epoch + 1:>2}   mean squared error of a pixel {history.losses[-1]:.4f}")

    fit(
        model, answers, "mse_loss", optimiser, epochs=epochs, batch_size=20, rng=rng,
        schedule=CosineAnnealingLR(optimiser, epochs), callbacks=[report],
    )  # fmt: skip
    took = time.perf_counter() - started
    print(f"\n64 pixels through 2 numbers and back, {took:.0f} s. Nobody told it the digits:")
    with no_grad():
        codes = [[value.data for value in model.encode(image)] for image in data.inputs]
        figure, axes = new_figure(width=7, height=5.5)
        plot_codes(codes, data.targets, axes).set_title("each digit's code")
        figure.savefig(target / "14_codes.png", dpi=110)
        samples = [next(k for k, digit in enumerate(data.targets) if digit == d) for d in SHOWN]
        back = [[pixel.data for pixel in model(data.inputs[k])] for k in samples]
        shown = [data.inputs[k] for k in samples] + back
        titles = ["in"] * len(SHOWN) + ["out"] * len(SHOWN)
        plot_images(shown, columns=len(SHOWN), titles=titles).savefig(target / "14_given_back.png", dpi=110)
        plot_images(generated(model, codes, data.targets), columns=8).savefig(
            target / "14_generated.png", dpi=110
        )
    print("codes in the plane, digits given back, and new ones generated from codes between them:")
    print(f"{target / '14_codes.png'} {target / '14_given_back.png'} {target / '14_generated.png'}")


def generated(model: Autoencoder, codes, digits_) -> list[list[float]]:
    """Images decoded from codes on the way from one digit's middle to the next one's."""
    middles = []
    for digit in SHOWN:
        mine = [code for code, d in zip(codes, digits_, strict=True) if d == digit]
        middles.append([sorted(code[k] for code in mine)[len(mine) // 2] for k in (0, 1)])
    images = []
    for start, end in zip(middles, [*middles[1:], middles[0]], strict=True):
        for step in range(8):
            code = [a + (b - a) * step / 7 for a, b in zip(start, end, strict=True)]
            images.append([pixel.data for pixel in model.decode(code)])
    return images


if __name__ == "__main__":
    main()
