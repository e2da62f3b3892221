"""Step through a backward pass as in a REPL: forward, to a value, and exactly back."""

from autograd import Value, label, tanh


def main() -> None:
    """Show commands as they are typed in a REPL, each with its result."""
    a, b, c = Value(2.0), Value(-3.0), Value(10.0)
    e = a * b
    d = e + c
    t = tanh(a)
    loss = d * t
    label(a=a, b=b, c=c, d=d, e=e, t=t, L=loss)
    bp = loss.backprop()

    def show(command: str, answer: object) -> None:
        print(f">>> {command}\n{answer}\n")

    show("bp = L.backprop(); bp", bp)
    show("bp.step()", bp.step())
    show("bp.next()          # the rest of this operation", bp.next())
    show("bp.until('t')      # the gradient of t is complete already", bp.until("t"))
    show("bp.step()", bp.step())
    show("bp.where()", bp.where())
    show("bp.tree()          # the same as a tree, with the contribution of every edge", bp.tree())
    show("bp.peek()          # look ahead, change nothing", bp.peek())
    show("bp.until(a)        # a gets two contributions: one from t, one from e", bp.until(a))
    show("bp.back(3)         # going back is exact", bp.back(3))
    show("a.grad", a.grad)
    show("bp.finish()", bp.finish())
    show("bp.check()         # compare with numerical derivatives", bp.check())


if __name__ == "__main__":
    main()
