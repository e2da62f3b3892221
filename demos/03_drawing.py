"""The picture of error flowing backward: the finished pass, one step of it, a page and a film that play it."""

from pathlib import Path

from autograd import Value, draw, label, tanh


def main(folder: str = "pictures") -> None:
    """Save three pictures of one expression as SVG, one as PNG, a page and a film."""
    a, b, c = Value(2.0), Value(-3.0), Value(10.0)
    e = a * b
    d = e + c
    t = tanh(a)
    loss = d * t
    label(a=a, b=b, c=c, d=d, e=e, t=t, L=loss)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    print("Before: only the numbers of the forward pass; no gradient has arrived anywhere.")
    print(" ", draw(loss).save(target / "03_forward.svg"))

    bp = loss.backprop()
    bp.goto(6)
    print("In the middle: step 6 of 7, the second contribution to a. Its operand waits no longer.")
    print(" ", bp.save(target / "03_step_6.svg", theme="dark"))

    bp.finish()
    print("After: blue pushes up, vermilion pulls down, and thicker lines carry more of the error.")
    print(" ", draw(loss).save(target / "03_backward.svg"))
    print(" ", draw(loss).save(target / "03_backward.png"))

    print("To play with: a page (arrow keys, space, click an edge), and a film that plays itself.")
    print(" ", bp.save(target / "03_player.html"))
    print(" ", bp.animate(target / "03_film.svg"))


if __name__ == "__main__":
    main()
