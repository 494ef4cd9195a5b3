"""Layers too wide for the matrix that rounding by output needs: the step is left out, and said."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.correct.gram import is_too_wide
from edgevision.quantize.quantize import QuantizedModel, quantize
from edgevision.recipe.recipe import Recipe
from edgevision.tflite.graph import Graph
from edgevision.tflite.parse import parse
from edgevision.tflite.serialize import serialize
from tests.quantize.builder import RELU6, Builder, random_images

ROOT = Path(__file__).parents[2]

CHILD = """
import json
from pathlib import Path
from tests.quantize.test_wide_dense import dense_weights, made
from edgevision.recipe.recipe import Recipe

rounded, plain, chosen = (
    made(54, recipe)
    for recipe in (Recipe(weight_rounding="on"), Recipe(weight_rounding="off"), Recipe())
)
status = Path("/proc/self/status").read_text().split()
print(json.dumps({
    "peak_kb": int(status[status.index("VmHWM:") + 1]),
    "warnings": [one.warnings for one in (rounded, plain, chosen)],
    "same": [
        bool((a == b).all())
        for a, b in zip(dense_weights(rounded), dense_weights(plain), strict=True)
    ],
}))
"""


def flatten_and_dense(side: int) -> Graph:
    """conv - flatten (side x side x 8) - dense 64 - dense 5 - softmax, with random weights."""
    rng = np.random.default_rng(0)
    b = Builder((1, side, side, 3))
    x = b.conv(b.graph.inputs[0], rng.normal(0, 0.2, (8, 3, 3, 3)), None, activation=RELU6)
    wide = side * side * 8
    x = b.dense(b.reshape(x, (1, wide)), rng.normal(0, 0.01, (64, wide)))
    return b.finish(b.softmax(b.dense(x, rng.normal(0, 0.1, (5, 64)))))


def made(side: int, recipe: Recipe) -> QuantizedModel:
    images = random_images(12, side=side)
    preprocessing = ImagePreprocessing(width=side, height=side, mean=(127.0,), std=(128.0,))
    content = serialize(flatten_and_dense(side))
    return quantize(content, preprocessing=preprocessing, images=lambda: images, recipe=recipe)


def dense_weights(model: QuantizedModel) -> list[NDArray[Any]]:
    graph = parse(model.content)
    return [graph.known(op.inputs[1]) for op in graph.operators if op.name == "FULLY_CONNECTED"]


def test_a_dense_layer_too_wide_for_its_gram_matrix_is_quantized_in_little_memory() -> None:
    # A process of its own: peak memory is that of a process. The matrix alone would have 2.2 GB.
    done = subprocess.run(
        [sys.executable, "-c", CHILD], cwd=ROOT, check=True, capture_output=True, text=True
    )
    found = json.loads(done.stdout)
    assert found["peak_kb"] < 1_000_000
    on, off, auto = found["warnings"]
    assert on == auto
    (sentence,) = on
    assert sentence.startswith("fully_connected_2 reads 23,328 values for each output")
    assert off == []
    # The narrow layer behind it still has its step.
    assert found["same"] == [True, False]


def test_narrow_dense_layers_are_rounded_by_output() -> None:
    rounded, plain = (made(8, Recipe(weight_rounding=step)) for step in ("on", "off"))
    assert rounded.warnings == ()
    for ours, nearest in zip(dense_weights(rounded), dense_weights(plain), strict=True):
        assert (ours != nearest).any()


def test_nothing_is_said_where_no_weights_would_be_rounded_by_output() -> None:
    assert made(26, Recipe(quality="fast")).warnings == ()


def test_width_is_counted_in_what_one_output_reads() -> None:
    b = Builder((1, 8, 8, 600))
    narrow = b.conv(b.graph.inputs[0], np.zeros((1, 1, 1, 600)), None)
    wide = b.conv(b.graph.inputs[0], np.zeros((1, 3, 3, 600)), None)
    each = b.conv(b.graph.inputs[0], np.zeros((1, 3, 3, 600)), None, depthwise=True)
    large = b.conv(b.graph.inputs[0], np.zeros((1, 17, 17, 600)), None, depthwise=True)
    graph = b.finish(narrow, wide, each, large)
    assert [is_too_wide(graph, op) for op in graph.operators] == [False, True, False, True]
