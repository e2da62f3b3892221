"""The stepper: its output, its effect on the grads, and that going back is exact."""

import re

import pytest

from autograd import Value, backprop, dot, draw, label, relu, sin, tanh, total
from autograd.backward_pass import BackwardPass
from autograd.stepping.backprop import Backprop


def grads(values):
    return {name: value.grad for name, value in values.items()}


def after_backward(values):
    """Return the grads that backward() gives, without leaving them behind."""
    before = grads(values)
    values["L"].backward()
    found = grads(values)
    for name, value in values.items():
        value.grad = before[name]
    return found


def test_a_label_that_is_an_expression_stands_in_parentheses_where_it_would_be_read_otherwise():
    x, w, b = Value(2.0, "x"), Value(-3.0, "w"), Value(7.0, "b")
    xw = x * w
    xw.label = "x*w"
    n = xw + b
    n.label = "x*w + b"
    y = n * xw
    y.label = "y"
    bp = y.backprop()
    lines = [line.strip() for step in bp for line in repr(step).splitlines()]
    assert "[1/6] y = (x*w + b) * (x*w)   ∂y/∂(x*w + b) = x*w = -6.0000" in lines
    assert "(x*w + b).grad: 0.0000 -> -6.0000   (final)" in lines
    assert "[3/6] x*w + b = x*w + b   ∂(x*w + b)/∂(x*w) = 1 = +1.0000" in lines
    assert "∂y/∂x += ∂y/∂(x*w) * ∂(x*w)/∂x = -5.0000 * -3.0000 = +15.0000" in lines
    assert str(draw(y)).startswith("y = (x*w + b) * (x*w) ")


def test_data_overwritten_since_the_forward_pass_is_noted_until_it_runs_again():
    def forward():
        return tanh(w * 2.0)

    w = Value(0.5, "w")
    loss = forward()
    assert "forward pass again" not in repr(loss.backprop()) + str(draw(loss))
    w.data -= 0.25
    note = "v1 = w * 2 is 1.0000 and would be 0.5000 now: data was overwritten, run the forward pass again"
    for text in (repr(loss.backprop()), repr(loss.backprop().tree()), str(draw(loss))):
        assert note in " ".join(text.split())
    w.data = 1e400  # also where a value is not finite
    assert "is 1.0000 and would be inf now" in repr(loss.backprop())
    loss = forward()
    assert "forward pass again" not in repr(loss.backprop()) + str(draw(loss))


def test_after_the_last_step_every_grad_is_what_backward_gives(graph):
    expected = after_backward(graph)
    graph["L"].backprop().finish()
    assert grads(graph) == expected


def test_grads_that_leaves_already_have_are_kept_and_shown_as_before(graph):
    graph["a"].grad = 100.0
    expected = after_backward(graph)
    bp = graph["L"].backprop()
    step = bp.until(lambda step: step.operand is graph["a"])
    assert step.before == 100.0
    bp.finish()
    assert grads(graph) == expected
    bp.reset()
    assert graph["a"].grad == 100.0


def test_making_a_stepper_changes_no_grad(graph):
    graph["L"].backward()
    before = grads(graph)
    graph["L"].backprop()
    assert grads(graph) == before


def test_a_step_is_printed_in_symbols_and_in_numbers(graph):
    bp = graph["L"].backprop()
    bp.goto(2)
    assert repr(bp.step()).replace("∂", "d") == (
        "[3/7] t = tanh(a)   dt/da = 1 - t * t = 1 - 0.9640 * 0.9640 = +0.0707\n"
        "      dL/da += dL/dt * dt/da = +4.0000 * +0.0707 = +0.2826\n"
        "      a.grad: 0.0000 -> +0.2826   (1 of 2 contributions, not final yet)"
    )


def test_the_fields_of_a_step_fit_the_chain_rule(graph):
    for step in graph["L"].backprop():
        if step.number:
            assert step.contribution == step.upstream * step.partial
            assert step.after == step.before + step.contribution
            assert step.node.operands[step.position] is step.operand
            assert step.final == (step.count == step.expected)


def test_both_edges_of_x_times_x_are_steps():
    x = Value(3.0, "x")
    steps = list(backprop(x * x))
    assert [step.position for step in steps] == [None, 0, 1]
    assert [step.after for step in steps[1:]] == [3.0, 6.0]


def test_a_plain_number_takes_no_step():
    x = Value(3.0, "x")
    assert len(backprop(2 * x + 1)) == 2


def test_next_does_the_rest_of_one_operation(graph):
    bp = graph["L"].backprop()
    assert [step.number for step in bp.next()] == [0]
    assert [step.number for step in bp.next()] == [1, 2]
    bp.goto(4)
    assert [step.number for step in bp.next()] == [5]
    assert bp.done == 5


def test_until_stops_when_all_contributions_have_arrived(graph):
    bp = graph["L"].backprop()
    assert bp.until(graph["a"]).number == 6
    bp.reset()
    assert bp.until("a").number == 6
    assert "final already" in repr(bp.until("a"))
    assert bp.done == 6


def test_until_takes_a_predicate(graph):
    bp = graph["L"].backprop()
    assert bp.until(lambda step: step.contribution < 0).number == 6
    assert repr(bp.until(lambda step: False)).startswith("no step left")


def test_until_an_unknown_name_suggests_a_close_one(graph):
    label(error=graph["d"])
    with pytest.raises(ValueError, match="did you mean error"):
        graph["L"].backprop().until("eror")
    with pytest.raises(ValueError, match="not in the graph"):
        graph["L"].backprop().until(Value(1.0))


def test_going_back_is_exact_from_everywhere_to_everywhere():
    x, y = Value(0.1, "x"), Value(1e16, "y")
    root = (x * y + x) * (x + 3.0) + tanh(x * y * 1e-17)
    values = BackwardPass(root).order
    bp = root.backprop()
    seen = {-1: [value.grad for value in values]}
    for number in range(len(bp) + 1):
        bp.step()
        seen[number] = [value.grad for value in values]
    for number in [*range(len(bp), -2, -1), 3, -1, 5, 0, len(bp)]:
        bp.goto(number)
        assert [value.grad for value in values] == seen[number]


def test_peek_changes_nothing(graph):
    bp = graph["L"].backprop()
    bp.goto(2)
    before = grads(graph)
    assert bp.peek().number == 3
    assert grads(graph) == before
    assert bp.done == 2


def test_stepping_past_the_end_says_so(graph):
    bp = graph["L"].backprop().finish()
    assert repr(bp.step()) == "no step left: the backward pass is complete"
    assert repr(bp.peek()) == repr(bp.next()) == repr(bp.step())


@pytest.mark.parametrize("command", ["step(0)", "back(0)", "goto(8)", "goto(-2)"])
def test_a_move_to_nowhere_is_an_error(graph, command):
    with pytest.raises(ValueError, match=r"takes a count of 1 or more|from -1 to 7"):
        eval(f"bp.{command}", {"bp": graph["L"].backprop()})


def test_where_marks_the_next_operation_and_what_is_waiting(graph):
    bp = graph["L"].backprop()
    bp.goto(3)
    rows = {row.name: row for row in bp.where()}
    assert rows["d"].present
    assert (rows["a"].arrived, rows["a"].expected, rows["a"].status) == (1, 2, "waiting")
    assert (rows["b"].grad, rows["b"].status) == (None, "not reached")
    assert (rows["t"].status, rows["L"].status) == ("final", "final")
    assert "->d" in repr(bp.where())


def test_where_fits_80_columns_and_is_short_for_a_large_graph():
    x = Value(0.5, "a_long_name_for_a_leaf")
    y = x
    for _ in range(1000):
        y = tanh(y * x + x)
    bp = y.backprop()
    bp.goto(1500)
    lines = repr(bp.where()).splitlines()
    assert len(lines) == 33
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("->") for line in lines)


def test_watch_shows_a_grad_below_every_step(graph):
    bp = graph["L"].backprop()
    bp.watch("a", graph["b"])
    assert "watch a.grad: 0.0000   (0 of 2)" in repr(bp.step())
    bp.goto(5)
    assert "watch a.grad: -2.6095   (2 of 2)" in repr(bp.step())
    bp.watch()
    assert "watch" not in repr(bp.step())


def test_check_agrees_on_a_right_gradient_and_differs_on_a_wrong_one(graph):
    assert all(row.agrees for row in graph["L"].backprop().check())
    graph["e"].partials = (graph["e"].partials[0] * 1.001, graph["e"].partials[1])
    verdicts = {row.name: row.agrees for row in graph["L"].backprop().check()}
    assert verdicts == {"a": False, "b": True, "c": True}


def test_the_gradient_of_the_root_scales_everything(graph):
    expected = after_backward(graph)
    bp = graph["L"].backprop(gradient=-2.0).finish()
    assert graph["b"].grad == pytest.approx(-2.0 * expected["b"])
    assert all(row.agrees for row in bp.check())


def test_a_neuron_shows_its_two_derivatives():
    weights = [Value(0.5, "w0"), Value(-0.25, "w1")]
    inputs = [Value(2.0, "x0"), Value(-4.0, "x1")]
    y = tanh(dot(weights, inputs) + Value(-2.0, "b"))
    y.label = "y"
    steps = {step.receiver.label: step for step in backprop(y * 3) if step.number}
    assert steps["w1"].neuron("d") == "neuron: dy/dw1 = F'(s) * x1 = +1.0000 * -4.0000 = -4.0000"
    assert steps["x1"].neuron("d") == "neuron: dy/dx1 = F'(s) * w1 = +1.0000 * -0.2500 = -0.2500"
    assert steps["x1"].neuron("d") in repr(steps["x1"]).replace("∂", "d")
    assert steps["b"].neuron("d") == ""


def test_a_linear_neuron_has_slope_1_and_a_shared_sum_is_its_own_output():
    weights, x = [Value(0.5, "w0"), Value(2.0, "w1")], Value(3.0, "x")
    s = dot(weights, [x, 1.0])
    s.label = "s"
    assert BackwardPass(s * 2 + tanh(s)).neuron(s) == (s, 1.0)
    assert BackwardPass(s + 1).neuron(s)[1] == 1.0
    assert BackwardPass(s + 1).neuron(x) is None


def test_a_conditional_rule_shows_the_formula_that_was_taken():
    x = Value(-3.0, "x")
    assert backprop(x**2).recorded.step(1).rule() == "2 * pow(x, 2 - 1)"
    assert backprop(relu(-x)).recorded.step(1).rule() == "0 if v1 < 0 else 1"


def test_a_graph_of_100_000_edges_is_stepped_through_at_once():
    x = Value(0.5, "x")
    y = x
    for _ in range(25_000):
        y = y * x + x
    bp = y.backprop()
    assert len(bp) == 100_000
    bp.goto(60_000)
    bp.back(30_000)
    assert bp.done == 30_000
    stepped = bp.finish() and x.grad
    x.grad = 0.0
    y.backward()
    assert x.grad == stepped


def test_in_a_graph_of_100_000_edges_no_command_walks_through_all_of_it(tmp_path, monkeypatch):
    """Every command responds at once: the calls of slow functions are counted."""
    from autograd.stepping import backprop as stepping

    leaves = [Value(0.5 + k / 100, f"x{k}") for k in range(40)]
    y = leaves[0]
    for k in range(25_000):
        y = y * leaves[k % 40] + leaves[(7 * k) % 40]
    bp = y.backprop()
    assert len(bp) == 100_000
    made = []
    monkeypatch.setattr(
        BackwardPass, "step", lambda *args, real=BackwardPass.step: made.append(1) or real(*args)
    )
    replays = []
    real = stepping.Replay.derivative
    monkeypatch.setattr(stepping.Replay, "derivative", lambda *args: replays.append(1) or real(*args))
    bp.until("x7"), bp.back(5), bp.where(), bp.tree(), bp.finish(), bp.reset(), bp.check()
    path = bp.save(tmp_path / "near.svg", depth=4)  # once used all memory: a set for every value
    assert len(made) < 20
    assert len(replays) < 4
    assert b"more" in path.read_bytes()
    with pytest.raises(ValueError, match="all of them, so pass max_nodes=50040"):
        bp.save(tmp_path / "all.html", depth=4)


def test_the_values_behind_the_border_of_a_depth_are_counted_once_each():
    x, z = Value(1.0, "x"), Value(2.0, "z")
    shared = tanh(x) * z
    left, right = tanh(shared), relu(shared + z)
    texts = [box.name for box in backprop(left * right).picture(depth=1).scene.boxes if box.kind == "constant"]
    assert texts == ["… 4 more", "… 5 more"]


def test_of_many_steps_the_first_and_the_last_are_shown():
    y = Value(1.0, "x")
    for _ in range(60):
        y = tanh(y)
    steps = backprop(y).step(61)
    lines = repr(steps).splitlines()
    assert len(steps) == 61
    assert "... 36 more steps ..." in lines
    assert lines[0].startswith("[0/60] seed")
    assert any(line.startswith("[60/60]") for line in lines)


def test_check_takes_any_values_and_says_what_it_left_out(graph):
    bp = graph["L"].backprop()
    assert [row.name for row in bp.check("e", graph["t"])] == ["e", "t"]
    assert all(row.agrees for row in bp.check("e", "t", "d"))
    assert repr(bp.check(most=1)).endswith("... 2 more leaves")
    with pytest.raises(ValueError, match="did you mean"):
        bp.check("aa")


def test_a_negative_number_has_parentheses_as_a_factor_and_none_of_its_own_as_an_argument():
    x = Value(-1.2, "x")
    assert "cos(x) = cos(-1.2000)" in str(sin(x).backprop().goto(1))
    assert "1 - v1 * v1 = 1 - (-0.8337) * (-0.8337)" in str(tanh(x).backprop().goto(1))


def test_the_tree_has_a_row_for_each_edge_with_what_has_flowed_along_it(graph):
    bp = graph["L"].backprop()
    bp.goto(3)
    lines = [line.split() for line in repr(bp.tree()).splitlines()]
    assert ["└─", "t", "=", "tanh(a)", "0.9640", "×", "+4.00", "+4.00", "+4.0000"] in lines
    assert ["└─", "a", "2.0000", "×", "+0.0707", "+0.283", "+0.2826"] in lines
    assert ["│", "├─", "e", "=", "a", "*", "b", "-6.0000", "×", "+1.00", "·", "·"] in lines
    assert len(lines) == 1 + 1 + len(bp)
    assert repr(bp.tree(10**30, 10**30)) == repr(bp.tree())
    for depth, deeper in ((0, 1), (1, 2), (2, 4)):
        assert repr(bp.tree(depth)).endswith(f"... deeper: tree(depth={deeper})")
    assert "deeper" not in repr(bp.tree(3))


def test_the_tree_shows_both_edges_of_x_times_x_and_what_is_shared_once():
    x = Value(3.0, "x")
    y = x * x
    y.label = "y"
    text = repr(backprop(y * y).finish().tree())
    assert text.count("─ x ") == 2
    assert text.count("y = x * x") == 1
    assert text.count("y ...") == 1


@pytest.mark.parametrize(
    "name", ["weight_of_the_first_input_of_a_neuron", "とても長い名前の重みとバイアスの値", "e\u0301" * 40]
)
def test_tables_and_trees_fit_80_columns_whatever_the_names(name):
    from autograd.terminal import width

    x = Value(-1e-7, name)
    y = x
    for _ in range(30):
        y = tanh(y * x + x)
    y.label = name + "!"
    bp = backprop(y).finish()
    for shown in (bp.tree(), bp.where(), bp.check()):
        assert max(map(width, repr(shown).splitlines())) <= 80
    assert "... more below" in repr(bp.tree(depth=99, most=20))


def test_a_terminal_without_unicode_gets_a_tree_in_ascii(graph, monkeypatch):
    import io
    import sys

    bp = graph["L"].backprop()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "ascii"))
    text = repr(bp.tree()) + repr(bp.where()) + repr(bp.peek())
    assert text.isascii()
    assert "`- t = tanh(a)" in text


def test_a_single_leaf_has_only_its_seed():
    x = Value(3.0, "x")
    bp = x.backprop()
    assert len(bp) == 0
    assert repr(bp.step()).endswith("x.grad: 0.0000 -> +1.0000")
    assert x.grad == 1.0


def test_only_a_value_can_be_stepped_through():
    with pytest.raises(TypeError, match="starts from a Value"):
        Backprop(3.0)


def test_until_takes_a_condition_as_text():
    x = Value(3.0, "x")
    assert (x * -2.0 + x).backprop().until("contribution < 0").contribution == -2.0
    with pytest.raises(ValueError, match="compare number, contribution, partial"):
        (x * x).backprop().until("grad > 0")
    with pytest.raises(ValueError, match="there is no value named 'z'"):
        (x * x).backprop().until("z")


@pytest.mark.parametrize("method", ["save", "frames", "animate"])
def test_an_option_that_is_not_there_is_an_error_of_the_method_that_was_called(method, tmp_path):
    bp = backprop(Value(2.0, "x") * 3)
    with pytest.raises(TypeError, match=rf"^{method}\(\) has no option 'themee': did you mean theme\?$"):
        getattr(bp, method)(tmp_path / "x.svg", themee="dark")
    with pytest.raises(TypeError, match=r"^player\(\) has no option 'colour': known options are theme"):
        bp.player(colour="blue")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda bp: bp.save(3), TypeError, 'save takes a path, such as "step.svg", got 3 of type int'),
        (lambda bp: bp.player("tall"), ValueError, "height must be a positive int, in pixels, got 'tall'"),
        (lambda bp: bp.player(groups=3), TypeError, "groups must be a model"),
    ],
)
def test_what_cannot_be_saved_or_played_is_refused_in_words_of_the_call(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call(backprop(Value(2.0, "x") * 3))


def test_an_explanation_of_a_sum_of_60_000_terms_is_short_and_does_every_step():
    from autograd.stepping.explain import explain

    leaves = [Value(1.0) for _ in range(60_000)]
    text = explain(total(leaves))
    assert len(text) < 100_000
    assert "more steps ..." in text
    assert "more values ..." in text
    assert "[1/60000]" in text
    assert "[60000/60000]" in text
    assert {leaf.grad for leaf in leaves} == {1.0}


def test_the_repr_names_the_next_step(graph):
    bp = graph["L"].backprop()
    assert repr(bp).splitlines()[1] == "  next: seed"
    bp.step()
    head, following = repr(bp).replace("∂", "d").splitlines()
    assert head == "Backprop of L = d * t: 7 values, 7 chain-rule steps, 0 done"
    assert following == "  next: L = d * t, dL/dd"
    bp.goto(3)
    assert repr(bp).replace("∂", "d").splitlines()[1] == "  next: d = e + c, dd/de"


def test_in_a_notebook_it_shows_its_page_and_of_many_steps_text(graph):
    bp = graph["L"].backprop()
    bundle = bp._repr_mimebundle_()
    assert bundle == bp.player()._repr_mimebundle_()
    assert bundle["text/html"].startswith("<iframe sandbox=")
    assert bundle["text/plain"] == repr(bp)
    x = Value(1.0, "x")
    many = backprop(total([x * k for k in range(5_000)]))
    assert many._repr_mimebundle_() == {"text/plain": repr(many)}
