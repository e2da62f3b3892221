"""Draw the error that flows backward: the finished pass, one step, a page and an animation that play it."""

from pathlib import Path

from autograd import Value, draw, label, tanh


def main(folder: str = "pictures") -> None:
    """Save three pictures of one expression as SVG, one as PNG, a page and an animation."""
    a, b, c = Value(2.0), Value(-3.0), Value(10.0)
    e = a * b
    d = e + c
    t = tanh(a)
    loss = d * t
    label(a=a, b=b, c=c, d=d, e=e, t=t, L=loss)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    print("Before: only the numbers of the forward pass; no gradient has arrived yet.")
    print(" ", draw(loss).save(target / "03_forward.svg"))

    bp = loss.backprop()
    bp.goto(6)
    print("In the middle: step 6 of 7, the second contribution to a, whose gradient is now complete.")
    print(" ", bp.save(target / "03_step_6.svg", theme="dark"))

    bp.finish()
    print("After: contributions are blue if positive, vermilion if negative; the wider, the larger.")
    print(" ", draw(loss).save(target / "03_backward.svg"))
    print(" ", draw(loss).save(target / "03_backward.png"))

    print("Interactive: a page (arrow keys, space, click an edge), and an animation that plays by itself.")
    print(" ", bp.save(target / "03_player.html"))
    print(" ", bp.animate(target / "03_animation.svg"))


if __name__ == "__main__":
    main()
