"""Is int8 ever slower than float? Latency of four builds of many architectures, interleaved.

Weights are random: latency does not depend on them. Builds: float, dynamic, plain int8 (no
rewrites, nothing left in float), and ours. Ratios are to float, with 95 % intervals.

    python benchmarks/never_slower.py --models work/ MobileNetV3Small NASNetMobile ...
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from edgevision.bench.latency import time_models
from edgevision.bench.plan import Plan
from edgevision.bench.ratio import ratio_of
from edgevision.preprocess.contract import Contract
from edgevision.quantize.quantize import quantize
from edgevision.recipe.named import RECIPES
from edgevision.recipe.recipe import Recipe

ARCHITECTURES = (
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Small",
    "MobileNetV3Large",
    "EfficientNetB0",
    "EfficientNetV2B0",
    "NASNetMobile",
    "DenseNet121",
    "ResNet50",
    "Xception",
    "InceptionV3",
    "ConvNeXtTiny",
)

CONVERT = """
import sys, keras, tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
name, side, output = sys.argv[1], int(sys.argv[2]), sys.argv[3]
keras.utils.set_random_seed(0)
model = getattr(keras.applications, name)(weights=None, input_shape=(side, side, 3))
call = tf.function(lambda x: model(x, training=False))
concrete = call.get_concrete_function(tf.TensorSpec([1, side, side, 3], tf.float32))
frozen = convert_variables_to_constants_v2(concrete)
content = tf.lite.TFLiteConverter.from_concrete_functions([frozen]).convert()
open(output, "wb").write(content)
"""


def float_model(name: str, side: int, folder: Path) -> bytes:
    """The float `.tflite`, made once."""
    path = folder / f"{name}.tflite"
    if not path.exists():
        subprocess.run(
            [sys.executable, "-c", CONVERT, name, str(side), str(path)],
            check=True,
            capture_output=True,
        )
    return path.read_bytes()


def timer(files: Mapping[str, bytes]) -> dict[str, float]:
    found = time_models(files, plan=Plan(rounds=6, seconds=0.5, least_runs=24))
    return {name: one.summary.p50_ms for name, one in found.items()}


def builds(content: bytes, side: int) -> tuple[dict[str, bytes], str]:
    """The four files, and what ours says of its speed."""
    contract = Contract(width=side, height=side, mean=(128.0,), std=(128.0,))
    rng = np.random.default_rng(0)
    photos = list(rng.integers(0, 256, (8, side, side, 3)).astype(np.uint8))
    plain = Recipe(
        quality="fast", ranges="min-max", bias_correction=False, rewrite=False, input_type="float32"
    )
    made = {
        name: quantize(
            content, contract=contract, images=lambda: photos, recipe=recipe, timer=clock
        )
        for name, recipe, clock in (
            ("dynamic", RECIPES["dynamic"], None),
            ("plain int8", plain, None),
            ("ours", Recipe(quality="fast", ranges="min-max", bias_correction=False), timer),
        )
    }
    verdict = made["ours"].verdict
    files = {"float": content, **{name: one.content for name, one in made.items()}}
    return files, "" if verdict is None else verdict.sentence


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=ARCHITECTURES)
    parser.add_argument("--models", type=Path, default=Path("never_slower_models"))
    parser.add_argument("--side", type=int, default=224)
    asked = parser.parse_args()
    asked.models.mkdir(parents=True, exist_ok=True)
    for name in asked.names:
        files, sentence = builds(float_model(name, asked.side, asked.models), asked.side)
        found = time_models(files, plan=Plan(seconds=1.5))
        row = {"model": name, "float_ms": round(found["float"].summary.p50_ms, 3)}
        for build in ("dynamic", "plain int8", "ours"):
            ratio = ratio_of(found["float"], found[build])
            row[build] = {"ratio": round(ratio.ratio, 3), "interval": (ratio.low, ratio.high)}
        print(json.dumps({**row, "said": sentence}), flush=True)


if __name__ == "__main__":
    main()
