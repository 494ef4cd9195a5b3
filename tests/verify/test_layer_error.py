import numpy as np
import pytest

from edgevision.errors import ImageSetError, ModelError
from edgevision.tflite.extract import isolate
from edgevision.tflite.parse import parse
from edgevision.tflite.read import read_model
from edgevision.tflite.serialize import serialize
from edgevision.verify.layers.align import align
from edgevision.verify.layers.influence import Influences
from edgevision.verify.layers.rescaled import channel_factors
from edgevision.verify.layers.snapshot import File, snapshots
from tests.quantize.builder import Builder
from tests.verify.planted import (
    PREPROCESSING,
    SIDE,
    classifier,
    errors,
    files,
    image_set,
    one_conv,
    pictures,
    task_of,
    two_branches,
    weights,
)


def test_file_against_itself_has_no_error() -> None:
    content = serialize(classifier())
    file = File(content=content, model=read_model(content), preprocessing=PREPROCESSING)
    for layer in errors(file, file):
        # The float kernels of both sessions differ in the last bits.
        assert layer.sqnr_db > 100
        assert layer.own_sqnr_db > 100


def test_error_of_a_single_layer_is_the_step_of_its_output() -> None:
    made = files(one_conv(np.ones(16)))
    (layer,) = errors(*made)
    step = made[1].model.tensors[layer.pair.quantized_tensor].scales[0]
    # Rounding makes an error of step^2 / 12; rounded weights add less than that here.
    assert 1 < float(layer.own.sum()) / layer.elements / (step**2 / 12) < 2


def test_own_error_leaves_out_what_came_before() -> None:
    layers = errors(*files(classifier(outlier=60)))
    first, second = layers[0], layers[1]
    # The outlier ruins the first layer; the second only passes that on.
    assert first.own_sqnr_db > second.sqnr_db + 10
    assert second.own_sqnr_db > second.sqnr_db + 10


def influence(made: tuple[File, File]) -> dict[int, float]:
    pairs = align(made[0].model, made[1].model).pairs
    losses = task_of(made[0]).losses()
    with Influences(made[0].content, made[0].model, pairs, losses) as influences:
        for snapshot in snapshots(*made, pairs, image_set(pictures())):
            influences.add(snapshot)
        moved = influences.result()
    operators = {pair.float_tensor: pair.float_operator for pair in pairs}
    return {operators[t]: one.answer_db for t, one in moved.items()}


def test_influence_of_the_last_layer_is_its_own_error() -> None:
    made = files(one_conv(np.ones(16)))
    (layer,) = errors(*made)
    assert influence(made)[0] == pytest.approx(layer.own_sqnr_db, abs=0.1)


def test_influence_of_a_branch_that_hardly_counts_is_small() -> None:
    moved = influence(files(two_branches("ADD", 0.02)))
    assert moved[0] > moved[1] + 20


def test_softmax_cannot_move_the_scores_before_it() -> None:
    made = files(classifier())
    assert sorted(influence(made)) == [0, 1, 2, 3]
    assert made[0].model.operators[4].name == "SOFTMAX"


def equalized(factor: float, *, depthwise: bool) -> Builder:
    """conv -> conv, the channels between them multiplied and divided again."""
    b = Builder((1, SIDE, SIDE, 3))
    factors = np.where(np.arange(8) % 2, factor, 1.0)
    kernel = weights(8, 1, 1, 3) * factors[:, None, None, None]
    x = b.conv(b.graph.inputs[0], kernel, None, activation=1)
    readers = weights(1 if depthwise else 6, 3, 3, 8, seed=1) / factors
    b.finish(b.conv(x, readers, None, depthwise=depthwise))
    return b


@pytest.mark.parametrize("depthwise", [True, False])
def test_channels_rescaled_on_purpose_are_no_error(depthwise: bool) -> None:
    plain, _ = files(equalized(1, depthwise=depthwise).graph)
    _, rescaled = files(equalized(4, depthwise=depthwise).graph)
    layer = errors(plain, rescaled)[0]
    assert layer.sqnr_db > 35
    pairs = align(plain.model, rescaled.model).pairs
    factors = channel_factors(parse(plain.content), plain.model, rescaled.model, pairs)
    assert factors[pairs[0].float_tensor] == pytest.approx(np.tile([1.0, 4.0], 4), rel=0.02)


def bottleneck(expanded: float, filtered: float, *, taken_back: bool = True) -> Builder:
    """conv -> depthwise -> conv; every other channel multiplied behind the first and the second."""
    b = Builder((1, SIDE, SIDE, 3))
    first, second = (np.tile([1.0, factor], 4) for factor in (expanded, filtered))
    read = first if taken_back else np.ones(8)
    x = b.conv(b.graph.inputs[0], weights(8, 1, 1, 3) * first[:, None, None, None], None)
    y = b.conv(x, weights(1, 3, 3, 8, seed=1) * second / read, None, depthwise=True)
    b.finish(b.conv(y, weights(4, 1, 1, 8, seed=2) / second, None))
    return b


@pytest.mark.parametrize(("expanded", "filtered"), [(4.0, 2.0), (2.0, 4.0), (3.0, 3.0)])
def test_a_depthwise_layer_takes_back_one_factor_and_gives_on_another(
    expanded: float, filtered: float
) -> None:
    plain, _ = files(bottleneck(1, 1).graph)
    _, raised = files(bottleneck(expanded, filtered).graph)
    pairs = align(plain.model, raised.model).pairs
    factors = channel_factors(parse(plain.content), plain.model, raised.model, pairs)
    for pair, factor in zip(pairs, (expanded, filtered), strict=False):
        assert factors[pair.float_tensor] == pytest.approx(np.tile([1.0, factor], 4), rel=0.02)
    assert min(layer.sqnr_db for layer in errors(plain, raised)) > 30


def test_what_a_depthwise_layer_gives_on_does_not_make_good_what_it_read() -> None:
    plain, _ = files(bottleneck(1, 1).graph)
    _, wrong = files(bottleneck(3, 3, taken_back=False).graph)
    pairs = align(plain.model, wrong.model).pairs
    factors = channel_factors(parse(plain.content), plain.model, wrong.model, pairs)
    assert pairs[0].float_tensor not in factors
    assert factors[pairs[1].float_tensor] == pytest.approx(np.tile([1.0, 3.0], 4), rel=0.02)


def gated(factor: float, *, readers: float) -> Builder:
    """conv -> swish -> conv, the channels multiplied before the swish and divided behind it."""
    b = Builder((1, SIDE, SIDE, 3))
    factors = np.where(np.arange(8) % 2, factor, 1.0)
    kernel = weights(8, 1, 1, 3) * factors[:, None, None, None]
    x = b.conv(b.graph.inputs[0], kernel, None)
    seen = x
    if factor != 1:
        seen = b.binary("MUL", x, b.constant("lowering", 1 / factors[None, None, None, :]))
    y = b.binary("MUL", x, b.op("LOGISTIC", [seen], b.graph.tensors[x].shape))
    taken_back = np.where(np.arange(8) % 2, readers, 1.0)
    b.finish(b.conv(y, weights(1, 3, 3, 8, seed=1) / taken_back, None, depthwise=True))
    return b


def test_channels_raised_past_a_gate_are_no_error() -> None:
    plain, _ = files(gated(1, readers=1).graph)
    _, raised = files(gated(4, readers=4).graph)
    layers = errors(plain, raised)
    assert [layer.pair.operation for layer in layers[:3]] == ["CONV_2D", "LOGISTIC", "MUL"]
    assert min(layer.sqnr_db for layer in layers) > 30
    pairs = align(plain.model, raised.model).pairs
    factors = channel_factors(parse(plain.content), plain.model, raised.model, pairs)
    for made in (pairs[0].float_tensor, pairs[2].float_tensor):
        assert factors[made] == pytest.approx(np.tile([1.0, 4.0], 4), rel=0.02)


def test_channels_raised_past_a_gate_and_not_taken_back_are_an_error() -> None:
    plain, _ = files(gated(1, readers=1).graph)
    _, wrong = files(gated(4, readers=1).graph)
    pairs = align(plain.model, wrong.model).pairs
    assert channel_factors(parse(plain.content), plain.model, wrong.model, pairs) == {}


@pytest.mark.parametrize("depthwise", [True, False])
def test_channels_multiplied_and_not_divided_are_an_error(depthwise: bool) -> None:
    plain, _ = files(equalized(1, depthwise=depthwise).graph)
    wrong = equalized(1, depthwise=depthwise).graph
    kernel = wrong.tensors[wrong.operators[0].inputs[1]]
    assert kernel.data is not None
    kernel.data[1::2] *= 4
    _, rescaled = files(wrong)
    pairs = align(plain.model, rescaled.model).pairs
    assert channel_factors(parse(plain.content), plain.model, rescaled.model, pairs) == {}


def test_channels_that_something_else_reads_too_are_not_rescaled_on_purpose() -> None:
    plain, rescaled = equalized(1, depthwise=True), equalized(4, depthwise=True)
    for one in (plain, rescaled):
        made = one.graph.operators[0].outputs[0]
        one.graph.outputs.append(one.mean(made))
    before, after = files(plain.graph)[0], files(rescaled.graph)[1]
    pairs = align(before.model, after.model).pairs
    assert channel_factors(parse(before.content), before.model, after.model, pairs) == {}


@pytest.mark.parametrize("depthwise", [True, False])
def test_channels_as_they_were_have_no_factors(depthwise: bool) -> None:
    plain, made = files(equalized(1, depthwise=depthwise).graph)
    pairs = align(plain.model, made.model).pairs
    assert channel_factors(parse(plain.content), plain.model, made.model, pairs) == {}


def test_float_layer_amid_integers_is_compared() -> None:
    from dataclasses import replace

    from tests.verify.planted import PLAIN

    layers = errors(*files(classifier(), recipe=replace(PLAIN, float_operators=("^conv_2d_1$",))))
    assert layers[1].own_sqnr_db > 100
    assert 20 < layers[1].sqnr_db < 60


def test_nan_names_the_image() -> None:
    graph = one_conv(np.ones(4))
    made = files(graph)
    kernel = graph.known(graph.operators[0].inputs[1]).copy()
    kernel[0] = np.nan
    graph.tensors[graph.operators[0].inputs[1]].data = kernel
    content = serialize(graph)
    broken = File(content=content, model=read_model(content), preprocessing=PREPROCESSING)
    with pytest.raises(ImageSetError, match="0 makes a NaN or infinite value in 'conv_2d_0'"):
        errors(broken, made[1])


def test_model_with_control_flow_is_refused() -> None:
    from tests.tflite.models import classifier as small
    from tests.tflite.models import pack, unpack

    model = unpack(small("float32"))
    model.subgraphs.append(model.subgraphs[0])
    with pytest.raises(ModelError, match="control flow"):
        isolate(parse(pack(model)), {0})
