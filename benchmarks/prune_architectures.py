"""How much of well-known architectures can be removed, and that the rest still converts.

    python benchmarks/prune_architectures.py            # what can be removed
    python benchmarks/prune_architectures.py --convert  # also halve the widths, convert, quantize
    python benchmarks/prune_architectures.py --transfer # ResNet50, Flatten, Dense: -62 % of weights

Weights are random: shapes are all that matters here. Removal is checked to equal zeroing in
tests/compress/test_applications.py.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from edgevision.compress.graph.channel_graph import build_graph
from edgevision.compress.graph.cost import cost_model
from edgevision.compress.graph.trace import trace
from edgevision.compress.plan import PruningPlan, Target
from edgevision.compress.prune import prune
from edgevision.convert.convert import convert
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.quantize import quantize
from edgevision.recipe.named import recipe_for
from edgevision.runtime.session import Session

ARCHITECTURES = (
    "VGG16 ResNet50 ResNet50V2 MobileNet MobileNetV2 MobileNetV3Small MobileNetV3Large "
    "EfficientNetB0 EfficientNetV2B0 DenseNet121 NASNetMobile Xception InceptionV3 "
    "InceptionResNetV2 ConvNeXtTiny"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--convert", action="store_true")
    parser.add_argument("--transfer", action="store_true")
    parser.add_argument("--side", type=int, default=96, help="of the input, in pixels")
    parser.add_argument("names", nargs="*", default=ARCHITECTURES.split())
    arguments = parser.parse_args()
    if arguments.transfer:
        _transfer()
        return
    print("| architecture | channels | removable | what stays |")
    print("|---|---|---|---|")
    for name in arguments.names:
        model = _untrained(name, arguments.side)
        widths = build_graph(trace(model)).layer_widths()
        every = sum(width.channels for width in widths)
        removable = sum(width.removable for width in widths)
        staying = [f"{w.layer}: {'; '.join(w.reasons)}" for w in widths if w.reasons]
        share = f"{100 * removable / every:.2f} %"
        print(f"| {name} | {every:,} | {share} | {', '.join(staying)} |", flush=True)
        if arguments.convert:
            pruned = prune(model, PruningPlan(target=Target(measure="channels", fraction=0.5)))
            left = pruned.after.parameters / pruned.before.parameters
            real = len(_int8(pruned.model))
            print(
                f"  half the channels: {100 * left:.1f} % of the parameters, int8 file {real:,} "
                f"bytes, predicted {pruned.after.int8_bytes:,}",
                flush=True,
            )
        keras.utils.clear_session()


def _transfer() -> None:
    """The usual transfer-learning shape, whose first Dense layer reads every pixel's channels."""
    layers = keras.layers
    base = keras.applications.ResNet50(weights=None, include_top=False, input_shape=(64, 64, 3))
    x = layers.Dense(256, activation="relu")(layers.Flatten()(base.output))
    model = keras.Model(base.input, layers.Dense(10, activation="softmax")(x))
    graph = build_graph(trace(model))
    before = cost_model(graph).cost(graph.full_mask())
    pruned = prune(model, PruningPlan(target=Target(measure="params", fraction=0.62)))
    whole, small = len(_float(model)), len(_int8(pruned.model))
    print(
        f"ResNet50 + Flatten + Dense: {before.macs / 1e6:.0f} -> {pruned.after.macs / 1e6:.0f} "
        f"million multiply-adds ({100 * (1 - pruned.after.macs / before.macs):.1f} % removed), "
        f"float file {whole:,} bytes, pruned int8 file {small:,} bytes "
        f"({100 * (1 - small / whole):.1f} % smaller), predicted {pruned.after.int8_bytes:,}"
    )


def _untrained(name: str, side: int) -> Any:
    maker = getattr(keras.applications, name)
    return maker(weights=None, input_shape=(side, side, 3), classes=10)


def _float(model: Any) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder) / "model.keras", Path(folder) / "model.tflite"
        model.save(source)
        convert(source, made)
        return made.read_bytes()


def _int8(model: Any) -> bytes:
    _, height, width, _ = model.inputs[0].shape
    preprocessing = ImagePreprocessing(
        width=width, height=height, fit="stretch", mean=(127.5,), std=(127.5,)
    )
    noise = np.random.default_rng(0).integers(0, 256, (8, height, width, 3)).astype(np.uint8)
    made = quantize(
        _float(model),
        preprocessing=preprocessing,
        images=lambda: iter(noise),
        recipe=recipe_for("int8"),
    )
    with Session(made.content) as session:
        session.run(np.zeros(session.inputs[0].shape, session.inputs[0].dtype))
    return made.content


if __name__ == "__main__":
    main()
