"""From a target to the channels that go."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.compress.graph.channel_graph import build_graph
from edgevision.compress.graph.cost import cost_model
from edgevision.compress.graph.removal import remove
from edgevision.compress.graph.trace import trace
from edgevision.compress.importance.scores import taylor_scores, weight_scores
from edgevision.compress.importance.selection import ChannelSelector
from edgevision.compress.plan import PruningPlan, Ranking, Target
from edgevision.compress.prune import cost_curve, prune
from edgevision.errors import ModelError, TargetMissedError, UsageError
from tests.compress.models import randomize, resnet_like

layers = keras.layers
MODEL = resnet_like()
randomize(MODEL)
GRAPH = build_graph(trace(MODEL))


def plan(measure: str, fraction: float, **settings: object) -> PruningPlan:
    target = Target(measure=measure, fraction=fraction)  # type: ignore[arg-type] # checked there
    return PruningPlan(target=target, **settings)  # type: ignore[arg-type] # as the tests give them


def selector(round_to: int = 1, ranking: Ranking = "layer") -> ChannelSelector:
    scores = weight_scores(GRAPH, "l2")
    return ChannelSelector(graph=GRAPH, scores=scores, ranking=ranking, round_to=round_to)


@given(st.floats(0, 1), st.sampled_from([1, 4, 8]), st.sampled_from(["layer", "global"]))
def test_widths_are_multiples_and_never_nothing(
    amount: float, round_to: int, ranking: Ranking
) -> None:
    kept = selector(round_to, ranking).select(amount)
    for pruning_group in GRAPH.pruning_groups:
        left = int(kept[pruning_group.units].sum())
        assert left % round_to == 0
        assert left >= max(round_to, len(pruning_group.units) // 10)


@given(st.floats(0, 1), st.floats(0, 1))
def test_more_amount_never_keeps_more(one: float, other: float) -> None:
    low, high = sorted((one, other))
    more, less = selector().select(low), selector().select(high)
    assert not (less & ~more).any()


def test_the_smallest_filters_go() -> None:
    model = resnet_like()
    randomize(model)
    conv = model.get_layer("a_conv1")
    kernel = np.asarray(conv.kernel).copy()
    kernel[..., [2, 5, 11]] *= 1e-3
    conv.kernel.assign(kernel)
    pruned = prune(model, plan("channels", 3 / 16, round_to=1))
    expected = np.delete(kernel, [2, 5, 11], axis=-1)
    found = np.asarray(pruned.model.get_layer("a_conv1").kernel)
    assert found.shape[-1] == 13
    # The stem lost channels as well: compare the filters by what is left of them.
    norms = np.sort(np.linalg.norm(expected.reshape(-1, 13), axis=0))
    assert np.sort(np.linalg.norm(found.reshape(-1, 13), axis=0))[0] > 0.3 * norms[0]


@given(st.sampled_from(["macs", "params"]), st.floats(0, 0.8))
def test_a_target_is_met_but_not_much_passed(measure: str, fraction: float) -> None:
    [point] = cost_curve(MODEL, plan(measure, fraction, round_to=1), [fraction]).points
    whole = cost_model(GRAPH).cost(GRAPH.full_mask())
    before = whole.macs if measure == "macs" else whole.parameters
    after = point.cost.macs if measure == "macs" else point.cost.parameters
    assert after <= before * (1 - fraction)
    assert after >= before * (1 - fraction) * 0.8


def test_a_target_out_of_reach_says_how_much_is_possible() -> None:
    with pytest.raises(TargetMissedError, match="the most is"):
        prune(MODEL, plan("macs", 0.5, keep=("stem", "b_*")))


def test_nothing_removed_changes_nothing() -> None:
    pruned = prune(MODEL, plan("macs", 0.0))
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype(np.float32)
    np.testing.assert_array_equal(np.asarray(pruned.model(images)), np.asarray(MODEL(images)))
    assert pruned.before == pruned.after


def test_a_model_with_nothing_to_remove_is_refused_with_the_reason() -> None:
    image = keras.Input((4, 4, 3))
    model = keras.Model(image, layers.Conv2D(8, 1)(image))
    with pytest.raises(ModelError, match="is an output of the model"):
        prune(model, plan("channels", 0.5))


def test_latency_is_measured_on_models_really_built() -> None:
    widths = []

    def latency_ms(model: keras.Model) -> float:
        widths.append(model.get_layer("b_conv1").filters)
        return float(widths[-1])

    pruned = prune(MODEL, plan("latency", 0.5, round_to=1), latency_ms=latency_ms)
    assert pruned.model.get_layer("b_conv1").filters == 16
    assert widths[0] == 32
    assert len(widths) <= 10


def test_latency_needs_something_to_measure_with() -> None:
    with pytest.raises(UsageError, match="measure it with"):
        prune(MODEL, plan("latency", 0.5))


def test_taylor_needs_data() -> None:
    with pytest.raises(UsageError, match="needs images"):
        prune(MODEL, plan("channels", 0.5, importance="taylor"))


def test_taylor_scores_are_weight_times_gradient_summed_over_a_channel() -> None:
    conv = MODEL.get_layer("a_conv1")
    gradient = np.zeros(conv.kernel.shape)
    gradient[0, 0, 0, 3] = 2.0
    scores = taylor_scores(GRAPH, [{id(conv.kernel): gradient}, {}])
    [ids] = [w.ids for w in GRAPH.widths if w.operation is conv]
    expected = abs(2.0 * float(conv.kernel[0, 0, 0, 3])) / 2
    np.testing.assert_allclose(scores[ids], np.eye(16)[3] * expected, rtol=1e-6)


def test_batch_normalization_scale_ranks_and_kernels_stand_in_without() -> None:
    scores = weight_scores(GRAPH, "bn")
    [stem] = [w.ids for w in GRAPH.widths if w.operation.name == "a_conv1"]
    gamma = np.abs(np.asarray(MODEL.get_layer("a_bn1").gamma))
    assert (np.argsort(scores[stem]) == np.argsort(gamma)).all()
    assert np.isfinite(scores[GRAPH.pruning_groups[-1].units]).all()


@pytest.mark.parametrize("fraction", [-0.1, 1.0])
def test_impossible_shares_are_refused(fraction: float) -> None:
    with pytest.raises(UsageError, match="share to remove"):
        Target(measure="macs", fraction=fraction)


@given(st.floats(0, 0.9))
@settings(max_examples=10)
def test_predicted_parameters_are_those_of_the_model_built(amount: float) -> None:
    kept = selector().select(amount)
    assert cost_model(GRAPH).cost(kept).parameters == remove(GRAPH, kept).count_params()


def test_multiply_adds_of_known_layers() -> None:
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, 2, padding="same", name="conv")(image)
    x = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(x)
    x = layers.Conv2DTranspose(5, 2, 2, name="transpose")(x)
    x = layers.SeparableConv2D(6, 3, padding="same", name="separable")(x)
    x = layers.Dense(2, name="dense")(layers.Flatten()(x))
    graph = build_graph(trace(keras.Model(image, x)))
    cost = cost_model(graph).cost(graph.full_mask())
    assert {row.layer: row.macs for row in cost.layers if row.macs} == {
        "conv": 4 * 4 * 3 * 3 * 3 * 4,
        "depthwise": 4 * 4 * 3 * 3 * 4,
        "transpose": 4 * 4 * 2 * 2 * 4 * 5,
        "separable": 8 * 8 * (3 * 3 * 5 + 5 * 6),
        "dense": 8 * 8 * 6 * 2,
    }


def test_an_open_input_size_cannot_be_costed() -> None:
    image = keras.Input((None, None, 3))
    x = layers.GlobalMaxPooling2D()(layers.Conv2D(8, 1)(image))
    with pytest.raises(ModelError, match="not fixed"):
        cost_curve(keras.Model(image, layers.Dense(2)(x)), plan("macs", 0.5), [0.5])
