"""Plots of training and of trained models: their contents and errors."""

import random
import warnings

import pytest

import autograd
import nn
from autograd import Value
from nn import MLP, Dataset, Epoch, History, fit, moons
from nn.plotting import style

pytest.importorskip("matplotlib")


def test_a_new_plot_is_one_of_pyplots_where_that_is_in_use():
    plt = pytest.importorskip("matplotlib.pyplot")
    axes = nn.plot_history(History([Epoch(0.5), Epoch(0.25)]))
    assert axes.figure is plt.gcf()
    assert plt.get_fignums() == [1]


def test_a_plot_of_the_gradients_has_a_line_for_every_layer(rng):
    history = fit(MLP(2, [3, 2, 1], rng=rng), moons(10, rng=rng), epochs=3, rng=rng)
    lines = nn.plot_gradient_flow(history).lines
    assert [list(line.get_ydata()) for line in lines] == list(history.gradients.values())


def test_without_matplotlib_a_plot_names_the_extra(without):
    without("matplotlib")
    with pytest.raises(ImportError, match=r"chainwalk\[plot\]"):
        nn.plot_history(nn.History())


def test_the_decision_boundary_is_where_the_output_changes_sign(rng):
    model = MLP(2, [1], rng=rng)
    for parameter, data in zip(model.parameters(), (1.0, -1.0, 0.0), strict=True):
        parameter.data = data
    axes = nn.plot_decision_boundary(model, moons(20, rng=rng))
    line = axes.collections[-1].get_paths()[0].vertices
    assert len(line) > 10
    assert all(abs(x - y) < 1e-9 for x, y in line)


def test_plots_of_unusual_runs_warn_about_nothing(rng):
    empty, perfect = nn.History(), nn.History()
    for _ in range(2):
        perfect.record(nn.Epoch(0.0, {"accuracy": 1.0}, {"layers.0": 0.0}))
    constant = MLP(2, [1], rng=rng)
    for parameter in constant.parameters():
        parameter.data = 0.0
    constant.layers[0].neurons[0].bias.data = 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for history in (empty, perfect):
            for plot in (nn.plot_history, nn.plot_gradient_flow):
                plot(history).figure.canvas.draw()
        nn.plot_decision_boundary(constant, moons(4, rng=rng)).figure.canvas.draw()


def test_a_decision_boundary_needs_two_inputs_and_a_grid(rng):
    model = MLP(2, [1], rng=rng)
    with pytest.raises(ValueError, match="points of 2 numbers, not of 3"):
        nn.plot_decision_boundary(model, Dataset([[1.0, 2.0, 3.0]], [1.0]))
    for strange in (1, 10**9, 2.5, float("nan"), "x", None, True):
        with pytest.raises(ValueError, match="resolution must be an int from 2 to 2,000, got"):
            nn.plot_decision_boundary(model, moons(4, rng=rng), resolution=strange)


def scores(inputs):
    """Three classes: the right, the upper left and the lower left."""
    x, y = inputs
    return [x, y - x / 2, -y - x / 2]


THREE = Dataset([[1.0, 0.0], [-1.0, 1.0], [-1.0, -1.0], [0.9, 0.2]], [0, 1, 2, 0])


def test_the_colours_are_those_of_the_drawings():
    light = autograd.THEMES["light"]
    assert (light.pos, light.neg, light.ink) == (style.POSITIVE, style.NEGATIVE, style.INK)
    assert len(set(style.CLASSES)) == len(set(style.MARKERS)) == 10


def test_the_history_shows_validation_beside_training_and_the_best_epoch():
    history = nn.History([
        nn.Epoch(0.5, {"accuracy": 0.5}, validation_loss=0.6, validation_metrics={"accuracy": 0.4}),
        nn.Epoch(0.25, {"accuracy": 1.0}, validation_loss=0.3, validation_metrics={"accuracy": 0.9}),
    ])  # fmt: skip
    history.best_epoch = 1
    axes = nn.plot_history(history)
    right = axes.figure.axes[1]
    assert [list(line.get_ydata()) for line in axes.lines] == [[0.5, 0.25], [0.6, 0.3], [0.3]]
    assert list(axes.lines[2].get_xdata()) == [2]
    assert [list(line.get_ydata()) for line in right.lines] == [[50, 100], [40, 90]]


def test_a_run_without_an_accuracy_has_no_axis_for_it():
    assert len(nn.plot_history(nn.History([nn.Epoch(0.5)])).figure.axes) == 1


def test_several_outputs_are_a_region_for_each_class():
    axes = nn.plot_decision_boundary(scores, THREE, resolution=41)
    regions = [each for each in axes.collections if each.get_facecolor().size]
    lines = [each for each in axes.collections if not each.get_facecolor().size]
    assert (len(regions), len(lines)) == (3, 3)
    for line in lines:
        for path in line.get_paths():
            for x, y in path.vertices:
                first, second, _ = sorted(scores([x, y]), reverse=True)
                assert first - second < 0.11  # within a cell of the grid
    assert [text.get_text() for text in axes.get_legend().texts] == ["target 0", "target 1", "target 2"]


def test_the_threshold_moves_the_boundary():
    axes = nn.plot_decision_boundary(lambda p: p[0], moons(9, rng=random.Random(0)), threshold=0.5)
    line = axes.collections[-1].get_paths()[0].vertices
    assert all(x == pytest.approx(0.5) for x, _ in line)


def test_the_boundary_is_that_of_evaluation_mode(rng):
    class Moody(nn.Module):
        def __call__(self, inputs):
            assert not self.training
            return inputs[0]

    nn.plot_decision_boundary(Moody(), moons(9, rng=rng), resolution=3)


def test_the_line_of_a_neuron_is_where_its_sum_is_zero_and_its_arrow_points_to_the_positive_side(rng):
    neuron = nn.Neuron(2, "step", rng=rng)
    for parameter, data in zip(neuron.parameters(), (3.0, 4.0, -2.0), strict=True):
        parameter.data = data
    axes = nn.plot_hyperplanes(neuron, moons(20, rng=rng))
    line = axes.lines[-1]
    for x, y in (line.get_xy1(), line.get_xy2()):
        assert 3 * x + 4 * y == pytest.approx(2)
    tail, tip = axes.texts[0].xyann, axes.texts[0].xy
    assert 3 * tail[0] + 4 * tail[1] == pytest.approx(2)
    assert 3 * tip[0] + 4 * tip[1] > 2


def test_the_arrow_is_at_the_visible_part_of_the_line():
    perceptron = nn.Perceptron(2)
    perceptron.learn(nn.logic_gate("and"))  # whose line crosses a corner of the picture
    axes = nn.plot_hyperplanes(perceptron, nn.logic_gate("and"))
    [arrow] = [text for text in axes.texts if getattr(text, "arrow_patch", None)]
    for x, (low, high) in zip(arrow.xyann, (axes.get_xlim(), axes.get_ylim()), strict=True):
        assert low < x < high
    assert perceptron.sum(list(arrow.xyann)).data == pytest.approx(0.0, abs=1e-9)
    assert perceptron.sum(list(arrow.xy)).data > 0


@pytest.mark.parametrize("weights", [(0.0, 1.0, -50.0), (1.0, 0.0, 50.0), (1.0, 1.0, -90.0)])
def test_a_line_outside_of_the_picture_has_no_arrow_and_does_not_widen_it(rng, weights):
    neuron, data = nn.Neuron(2, "step", rng=rng), moons(20, rng=rng)
    for parameter, number in zip(neuron.parameters(), weights, strict=True):
        parameter.data = number
    axes = nn.plot_hyperplanes(neuron, data)
    assert not [text for text in axes.texts if getattr(text, "arrow_patch", None)]
    assert max(map(abs, (*axes.get_xlim(), *axes.get_ylim()))) < 10


def test_a_perceptron_has_its_line(rng):
    perceptron = nn.Perceptron(2)
    data = nn.logic_gate("and")
    perceptron.learn(data)
    line = nn.plot_hyperplanes(perceptron, data).lines[-1]
    for point in (line.get_xy1(), line.get_xy2()):
        assert perceptron.sum(point).data == pytest.approx(0, abs=1e-12)


def test_a_layer_and_the_first_layer_of_a_model_have_a_numbered_line_for_each_neuron(rng):
    model, data = MLP(2, [5, 1], rng=rng), moons(20, rng=rng)
    for drawn in (model, model.layers[0]):
        axes = nn.plot_hyperplanes(drawn, data)
        assert len([line for line in axes.lines if hasattr(line, "get_xy1")]) == 5
        assert [text.get_text() for text in axes.texts][1::2] == list("01234")


def test_a_neuron_without_weights_has_no_line(rng):
    neuron = nn.Neuron(2, rng=rng)
    for weight in neuron.weights:
        weight.data = 0.0
    assert not [
        line for line in nn.plot_hyperplanes(neuron, moons(4, rng=rng)).lines if hasattr(line, "get_xy1")
    ]


def test_weights_are_images_on_one_scale_around_zero(rng):
    layer = nn.Layer(64, 5, rng=rng)
    images = [axes.images[0] for axes in nn.plot_weights(layer).axes if axes.images]
    weights = [[weight.data for weight in neuron.weights] for neuron in layer.neurons]
    assert [image.get_array().shape for image in images] == [(8, 8)] * 5
    assert [list(image.get_array().flat) for image in images] == weights
    largest = max(abs(weight) for row in weights for weight in row)
    assert {image.get_clim() for image in images} == {(-largest, largest)}


def test_images_have_the_shape_that_is_asked_for_and_their_titles():
    figure = nn.plot_images([[0, 1, 2, 3, 4, 5]] * 3, titles=[7, "b", ""], shape=(2, 3))
    shown = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in shown] == ["7", "b", ""]
    assert shown[0].images[0].get_array().tolist() == [[0, 1, 2], [3, 4, 5]]


def test_codes_are_points_of_their_class():
    codes, targets = [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]], [3, 0, 3]
    for numbers, markers in ((False, [style.MARKERS[0], style.MARKERS[3]]), (True, ["$0$", "$3$"])):
        lines = nn.plot_codes(codes, targets, numbers=numbers).lines
        assert [(list(line.get_xdata()), list(line.get_ydata())) for line in lines] == [
            ([2.0], [3.0]),
            ([0.0, 4.0], [1.0, 5.0]),
        ]
        assert [line.get_marker() for line in lines] == markers
        assert [line.get_color() for line in lines] == [style.CLASSES[0], style.CLASSES[3]]


def test_an_animation_has_a_frame_before_training_and_one_for_every_few_epochs(rng, tmp_path):
    image = pytest.importorskip("PIL.Image")
    model, data = MLP(2, [3, 1], rng=rng), moons(20, rng=rng)
    animation = nn.BoundaryFilm(model, data, every=2, resolution=8)
    fit(model, data, "hinge", nn.SGD(model.parameters(), lr=0.5), epochs=5, rng=rng, callbacks=[animation])
    assert [title.split("   ")[0] for title, _ in animation.frames] == ["before training", "epoch 2", "epoch 4"]
    assert repr(animation) == "BoundaryFilm(3 frames)"
    with image.open(animation.save(tmp_path / "animation.gif", seconds=0.1, hold=1.0)) as gif:
        durations = [(gif.seek(k), gif.info["duration"])[1] for k in range(gif.n_frames)]
    assert durations == [100, 100, 1000]


def test_without_pillow_an_animation_names_the_extras(tmp_path, without):
    animation = nn.Film(style.new_figure(width=2, height=2)[0])
    animation.add()
    without("PIL")
    with pytest.raises(ImportError, match=r"chainwalk\[animate,plot\]"):
        animation.save(tmp_path / "animation.gif")


def test_any_figure_can_be_animated(tmp_path):
    image = pytest.importorskip("PIL.Image")
    figure, axes = style.new_figure(width=2, height=2)
    animation = nn.Film(figure)
    with pytest.raises(ValueError, match="at least one frame"):
        animation.save(tmp_path / "animation.gif")
    for k in range(3):
        axes.plot([0, 1], [0, k], color=style.POSITIVE)
        animation.add()
    with image.open(animation.save(tmp_path / "animation.gif")) as gif:
        assert gif.n_frames == 3
        assert gif.size == (200, 200)
        frames = [(gif.seek(k), gif.convert("RGB").tobytes())[1] for k in range(3)]
    assert len(set(frames)) == 3


def test_each_frame_of_a_boundary_animation_is_drawn_alone(rng, tmp_path):
    image = pytest.importorskip("PIL.Image")
    model, data = MLP(2, [1], rng=rng), moons(20, rng=rng)
    animation = nn.BoundaryFilm(model, data, resolution=5)
    for sign in (1.0, -1.0, 1.0):
        model.layers[0].neurons[0].bias.data = sign * 100.0  # one colour everywhere, then the other
        animation(len(animation.frames), History([Epoch(0.5)]))
    animation.frames = [("the same words", found) for _, found in animation.frames[1:]]
    with image.open(animation.save(tmp_path / "animation.gif")) as gif:
        frames = [(gif.seek(k), gif.convert("RGB").tobytes())[1] for k in range(gif.n_frames)]
    assert frames[0] == frames[2] != frames[1]


def test_codes_and_images_may_be_values():
    axes = nn.plot_codes([[Value(0.5), Value(1.0)]], [1])
    assert axes.lines[0].get_xdata() == [0.5]
    assert nn.plot_images([[Value(0.5)] * 4]).axes[0].images[0].get_array().tolist() == [[0.5] * 2] * 2


def test_every_plot_can_be_drawn_into_axes_that_are_given(rng):
    from matplotlib.figure import Figure

    model, data = MLP(2, [3, 1], rng=rng), moons(10, rng=rng)
    history = fit(model, data, epochs=2, rng=rng, validation=data)
    plots = [
        lambda axes: nn.plot_history(history, axes),
        lambda axes: nn.plot_gradient_flow(history, axes),
        lambda axes: nn.plot_decision_boundary(model, data, axes),
        lambda axes: nn.plot_decision_boundary(scores, THREE, axes),
        lambda axes: nn.plot_hyperplanes(model, data, axes),
        lambda axes: nn.plot_codes([[0.0, 1.0]], [1], axes),
    ]
    figure = Figure(figsize=(9, 6), layout="constrained")
    for plot, axes in zip(plots, figure.subplots(2, 3).flat, strict=True):
        assert plot(axes) is axes
    figure.canvas.draw()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.plot_decision_boundary(scores, Dataset([[0.0, 0.0]], [-1.0])), "3 outputs need targets"),
        (
            lambda: nn.plot_decision_boundary(lambda inputs: [0.0] * 11, THREE),
            "11 outputs are more than the 10 colours there are",
        ),
        (lambda: nn.plot_decision_boundary(scores, Dataset([], [])), "points of 2 numbers, and at least one"),
        (lambda: nn.plot_hyperplanes(nn.Module(), THREE), "Module has no neurons with two inputs"),
        (
            lambda: nn.plot_hyperplanes(MLP(3, [1], rng=random.Random(0)), THREE),
            "MLP has no neurons with two inputs",
        ),
        (lambda: nn.plot_weights(nn.Module()), "Module has no neurons with weights to draw"),
        (
            lambda: nn.plot_weights(MLP(6, [1], rng=random.Random(0)), shape=(2, 2)),
            "images of 2 x 2 need 4 numbers each, got 6",
        ),
        (lambda: nn.plot_images([]), "there are no images to draw"),
        (lambda: nn.plot_images([[1.0], [1.0, 2.0]]), "need 1 numbers each, got 1, 2"),
        (lambda: nn.plot_images([[1.0]], titles=[1, 2]), "1 images and 2 titles"),
        (lambda: nn.plot_codes([[1.0, 2.0, 3.0]], [0]), "codes of 2 numbers, not of 3"),
        (lambda: nn.plot_codes([], []), "codes of 2 numbers, and at least one"),
        (lambda: nn.plot_codes([[1.0, 2.0]], [0, 1]), "1 codes and 2 targets"),
        (lambda: nn.plot_codes([[1.0, 2.0]], [10]), "from 0 to 9, got 10"),
        (lambda: nn.BoundaryFilm(scores, THREE, every=0), "1 or more, got 0"),
    ],
)
def test_a_wrong_argument_is_an_error_with_the_allowed_values(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_new_figure_takes_the_options_of_matplotlibs_subplots():
    _, axes = nn.plotting.style.new_figure(1, 2, sharex=True, width_ratios=[2, 1])
    assert axes[0].get_shared_x_axes().joined(*axes)
