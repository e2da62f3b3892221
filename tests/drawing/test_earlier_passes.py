"""A forgotten zero_grad is visible: pictures, trees and tables say what the present pass did not contribute."""

import re

import pytest

from autograd import Value, backprop, draw
from nn import MLP, mse_loss

SAID = "from earlier passes or other results: +6.0000 in x.grad (zero_grad() clears it)"


@pytest.fixture
def twice():
    """Give x * x after two backward passes without zero_grad."""
    x = Value(3.0, "x")
    y = x * x
    y.backward()
    y.backward()
    return y


def texts(picture):
    return re.findall(r"<text[^>]*>([^<]*)</text>", picture.svg())


def test_a_picture_shows_the_part_of_a_grad_from_earlier_passes(twice, any_dot):
    shown = texts(draw(twice))
    assert "from earlier passes or other results: +6.0000 in x.grad (zero_grad() clears it)" in shown
    assert {"grad Σ2+", "+12.0000", "plus contributions of earlier passes"} <= set(shown)
    assert any("+6.0000" in words and "zero_grad" in words for words in texts(draw(twice, lang="ja")))


def test_the_table_of_a_picture_ends_with_the_same_line(twice):
    assert repr(draw(twice)).splitlines()[-1] == SAID


def test_a_single_contribution_is_marked_too(any_dot):
    x = Value(3.0, "x")
    y = x * 2
    y.backward()
    y.backward()
    assert {"grad Σ1+", "+4.0000"} <= set(texts(draw(y)))


@pytest.mark.parametrize("clear", [lambda y: y.zero_grad(), lambda y: setattr(y.operands[0], "grad", 0.0)])
def test_after_zero_grad_nothing_is_said(twice, clear):
    clear(twice)
    assert "earlier" not in repr(draw(twice))
    twice.backward()
    assert "earlier" not in repr(draw(twice))
    assert "+" not in {box.counted[-1:] for box in draw(twice).scene.boxes}


def test_a_large_network_after_one_pass_has_no_such_line():
    model = MLP(3, [8, 8, 1], rng=0)
    loss = mse_loss([model([0.1 * k, 0.3, -0.7]) for k in range(4)], [1.0, 0.0, 2.0, 1.0])
    loss.backward(0.1)
    assert draw(loss, max_nodes=5000).state.earlier == ()
    loss.backward(0.1)
    assert len(draw(loss, max_nodes=5000).state.earlier) == len(list(model.parameters()))


def test_many_leaves_are_counted_and_long_names_cut():
    leaves = [Value(1.0, f"{k}" + "name" * 20) for k in range(9)]
    y = sum(leaves[1:], leaves[0] * 2)
    y.backward()
    y.backward()
    line = repr(draw(y)).split("\nfrom ")[1]
    assert "and 6 more" in line.replace("\n", " ")
    assert len(line) < 250


def test_the_tree_of_a_stepper_shows_grads_from_earlier_passes(twice):
    bp = twice.backprop().finish()
    assert repr(bp.tree()).splitlines()[-1] == "from earlier passes: +12.0000 in x.grad (zero_grad() clears it)"
    twice.zero_grad()
    assert "earlier" not in repr(backprop(twice).finish().tree())


def test_all_frames_of_such_a_pass_have_one_size(twice, any_dot):
    bp = twice.backprop()
    sizes = {re.search(r'<svg width="\S+" height="\S+"', bp.picture().svg())[0] for _ in (None, *bp)}
    assert len(sizes) == 1


def test_the_animation_marks_the_grad_too(twice):
    animated = twice.backprop().picture().animated_svg()
    assert "grad 1/2+" in animated
    assert "from earlier passes: +12.0000 in x.grad" in animated


def test_the_live_page_marks_the_grad_too(twice, tmp_path, visit):
    page = visit(twice.backprop().finish().save(tmp_path / "page.html"))
    assert "grad Σ2+" in page.locator("svg").first.text_content()
