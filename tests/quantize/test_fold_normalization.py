import numpy as np
import pytest

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.normalize import normalize
from edgevision.preprocess.presets import PRESETS
from edgevision.quantize.transforms.fold_normalization import fold_normalization
from edgevision.quantize.transforms.input_affine import Affine, pixel_preprocessing, remainder
from edgevision.tflite.graph import Graph
from tests.quantize.builder import RELU6, Builder, random_images, run

RNG = np.random.default_rng(5)
WEIGHTS = RNG.normal(0, 0.2, (4, 3, 3, 3))


def preprocessing_of(preset: str, side: int = 9) -> ImagePreprocessing:
    chosen = PRESETS[preset]
    return ImagePreprocessing(width=side, height=side, mean=chosen.mean, std=chosen.std)


def padded_conv(same: bool, explicit_pad: bool = False, depthwise: bool = False) -> Graph:
    b = Builder((1, 9, 9, 3))
    x = b.graph.inputs[0]
    if explicit_pad:
        amounts = b.constant("pad", np.asarray([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))
        x = b.op("PAD", [x, amounts], (1, 11, 11, 3))
    weights = WEIGHTS.transpose(3, 1, 2, 0)[:1].repeat(1, 0) if depthwise else WEIGHTS
    if depthwise:
        weights = RNG.normal(0, 0.2, (1, 3, 3, 6))
    bias = np.linspace(-1, 1, 6 if depthwise else 4)
    y = b.conv(x, weights, bias, stride=2, same=same, activation=RELU6, depthwise=depthwise)
    return b.finish(y)


def rescaled(scale: float, offset: float) -> Graph:
    b = Builder((1, 9, 9, 3))
    x = b.binary("MUL", b.graph.inputs[0], b.constant("scale", np.float32(scale)))
    x = b.binary("ADD", x, b.constant("offset", np.full((1, 1, 1, 3), offset)))
    return b.finish(b.conv(x, WEIGHTS, np.zeros(4)))


@pytest.mark.parametrize("preset", sorted(PRESETS))
@pytest.mark.parametrize(
    "graph",
    [
        padded_conv(same=True),
        padded_conv(same=False),
        padded_conv(same=False, explicit_pad=True),
        padded_conv(same=True, explicit_pad=True),
        padded_conv(same=True, depthwise=True),
    ],
    ids=["same", "valid", "pad-valid", "pad-same", "depthwise"],
)
def test_folded_normalization_changes_nothing_border_included(graph: Graph, preset: str) -> None:
    preprocessing = preprocessing_of(preset)
    held = pixel_preprocessing(preprocessing)
    folded = fold_normalization(graph, graph.inputs[0], remainder(preprocessing, held))
    (pixels,) = random_images(1, side=9)
    before = run(graph, normalize(pixels, preprocessing)[None])[0]
    after = run(folded, normalize(pixels, held)[None])[0]
    np.testing.assert_allclose(after, before, atol=2e-4 * max(1.0, np.abs(before).max()))


def test_pixels_hold_whole_numbers_of_the_declared_scale() -> None:
    for preset in PRESETS:
        held = pixel_preprocessing(preprocessing_of(preset))
        assert held.is_scalar
        assert held.channel_mean[0] == int(held.channel_mean[0])


@pytest.mark.parametrize(("scale", "offset"), [(1 / 255, 0.0), (1 / 127.5, -1.0)])
def test_a_rescaling_layer_in_the_graph_is_absorbed(scale: float, offset: float) -> None:
    graph = rescaled(scale, offset)
    identity = Affine(factor=np.ones(3), shift=np.zeros(3))
    folded = fold_normalization(graph, graph.inputs[0], identity)
    assert not {"MUL", "ADD"} & {op.name for op in folded.operators}
    pixels = random_images(1, side=9)[0].astype(np.float32)[None]
    np.testing.assert_allclose(run(folded, pixels)[0], run(graph, pixels)[0], atol=1e-4)


def test_slack_saves_the_padding_operator() -> None:
    preprocessing = preprocessing_of("imagenet-tf")
    held = pixel_preprocessing(preprocessing)
    graph = padded_conv(same=True)
    outer = remainder(preprocessing, held)
    slack = 0.5 / held.channel_std[0]
    assert [op.name for op in fold_normalization(graph, 0, outer).operators] == ["PADV2", "CONV_2D"]
    assert [op.name for op in fold_normalization(graph, 0, outer, slack=slack).operators] == [
        "CONV_2D"
    ]


def test_nothing_to_fold_changes_no_operator() -> None:
    graph = padded_conv(same=True)
    preprocessing = preprocessing_of("imagenet-lite")
    folded = fold_normalization(
        graph, 0, remainder(preprocessing, pixel_preprocessing(preprocessing))
    )
    assert [op.name for op in folded.operators] == ["CONV_2D"]
    assert folded.operators[0].inputs == graph.operators[0].inputs


def test_a_model_that_begins_otherwise_keeps_the_map_in_the_graph() -> None:
    b = Builder((1, 9, 9, 3))
    x = b.graph.inputs[0]
    y = b.binary("MUL", x, x)
    graph = b.finish(b.conv(y, WEIGHTS, None))
    preprocessing = preprocessing_of("imagenet-torch")
    held = pixel_preprocessing(preprocessing)
    folded = fold_normalization(graph, 0, remainder(preprocessing, held))
    assert [op.name for op in folded.operators] == ["MUL", "ADD", "MUL", "CONV_2D"]
    (pixels,) = random_images(1, side=9)
    before = run(graph, normalize(pixels, preprocessing)[None])[0]
    after = run(folded, normalize(pixels, held)[None])[0]
    np.testing.assert_allclose(after, before, atol=1e-3)


def test_flatten_then_dense_takes_the_map() -> None:
    b = Builder((1, 9, 9, 3))
    x = b.reshape(b.graph.inputs[0], (1, 243))
    graph = b.finish(b.dense(x, RNG.normal(0, 0.1, (4, 243))))
    preprocessing = preprocessing_of("imagenet-torch")
    held = pixel_preprocessing(preprocessing)
    folded = fold_normalization(graph, 0, remainder(preprocessing, held))
    assert [op.name for op in folded.operators] == ["RESHAPE", "FULLY_CONNECTED"]
    (pixels,) = random_images(1, side=9)
    before = run(graph, normalize(pixels, preprocessing)[None])[0]
    after = run(folded, normalize(pixels, held)[None])[0]
    np.testing.assert_allclose(after, before, atol=1e-3)
