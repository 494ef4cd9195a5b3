"""Is our int8 ever slower than float? A dozen keras.applications networks, timed in turns.

    python benchmarks/never_slower.py [--quick] [--networks MobileNetV2 ...] [--json FILE]

Each network with random weights (speed depends on shapes and types, not on what was learned) and
128 x 128 pixels becomes a float, a dynamic-range, a plain TFLiteConverter int8 and our int8 file;
all four run interleaved on one thread. Ratios are over float, below 1 is faster; the last one has
its 95 % interval. Building them once takes half a minute a network; files are kept in --built.
Exits with 1 when ours is slower than float beyond doubt.
"""

import argparse
import inspect
import json
import os
import sys
import time
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from numpy.typing import NDArray

from edgevision.bench.host import read_host
from edgevision.bench.latency import Latency, time_models
from edgevision.bench.plan import Plan
from edgevision.bench.ratio import Ratio, ratio_of
from edgevision.convert.convert import convert
from edgevision.errors import EdgeVisionError
from edgevision.preprocess.contract import Contract
from edgevision.quantize.quantize import quantize
from edgevision.recipe.named import RECIPES

ROOT = Path(__file__).resolve().parents[1]

NETWORKS = (
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Small",
    "MobileNetV3Large",
    "EfficientNetB0",
    "EfficientNetV2B0",
    "NASNetMobile",
    "DenseNet121",
    "ResNet50",
    "InceptionV3",
    "Xception",
    "ConvNeXtTiny",
)
QUICK = ("MobileNetV2", "MobileNetV3Small", "NASNetMobile")
SIDE = 128
CONTRACT = Contract(
    width=SIDE, height=SIDE, fit="stretch", color="rgb", mean=(127.5,), std=(127.5,)
)
KINDS = ("float", "dynamic", "plain int8", "ours int8")


def build(network: str, folder: Path) -> dict[str, Path]:
    """The four files of a network, by kind; those that are missing are made."""
    paths = {kind: folder / f"{network}-{kind.replace(' ', '-')}.tflite" for kind in KINDS}
    if not (paths["float"].exists() and paths["plain int8"].exists()):
        model = keras_model(network)
        source = folder / f"{network}.keras"
        model.save(source)
        convert(source, paths["float"], overwrite=True)
        source.unlink()
        paths["plain int8"].write_bytes(plain_int8(model))
    for kind, recipe in (("dynamic", "dynamic"), ("ours int8", "int8")):
        # Ours always anew: it is what is under test.
        made = quantize(
            paths["float"],
            contract=CONTRACT,
            images=random_images if kind == "ours int8" else None,
            recipe=RECIPES[recipe],
        )
        paths[kind].write_bytes(made.content)
    return paths


def keras_model(network: str) -> Any:
    import keras

    keras.backend.clear_session()
    keras.utils.set_random_seed(0)
    # Without its Rescaling layer, EfficientNet and its like take the same -1..1 as the others.
    options = {"include_preprocessing": False}
    builder = getattr(keras.applications, network)
    takes = inspect.signature(builder).parameters
    chosen = {name: value for name, value in options.items() if name in takes}
    inner = builder(weights=None, input_shape=(SIDE, SIDE, 3), **chosen)
    # A fixed batch: with -1 there, MobileNetV3's reshapes are refused by XNNPACK.
    given = keras.Input(batch_shape=(1, SIDE, SIDE, 3))
    return keras.Model(given, inner(given, training=False))


def plain_int8(model: Any) -> bytes:
    """As tutorials do it."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: (
        [(pixels[None] / np.float32(127.5) - 1).astype(np.float32)] for pixels in random_images()
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    content: bytes = converter.convert()
    return content


def random_images(count: int = 8) -> list[NDArray[np.uint8]]:
    chance = np.random.default_rng(0)
    return [chance.integers(0, 256, (SIDE, SIDE, 3), np.uint8) for _ in range(count)]


def line(network: str, found: dict[str, Latency], ratios: dict[str, Ratio]) -> str:
    cells = f"{network:18}{found['float'].summary.p50_ms:9.2f}"
    for kind in KINDS[1:]:
        cells += f"{ratios[kind].ratio:10.2f}"
    mine = ratios["ours int8"]
    if mine.low is None or mine.high is None:
        return cells
    return f"{cells}  {mine.low:.2f}-{mine.high:.2f} {mine.verdict}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="three networks, fewer runs")
    parser.add_argument("--built", type=Path, default=ROOT / "runs" / "never_slower")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    asked.built.mkdir(parents=True, exist_ok=True)
    plan = Plan(rounds=6, seconds=0.6, least_runs=12) if asked.quick else Plan(least_runs=30)
    document: dict[str, Any] = {"host": asdict(read_host()), "side": SIDE, "networks": {}}
    names = asked.networks or (QUICK if asked.quick else NETWORKS)
    paths: dict[str, dict[str, Path]] = {}
    failures: dict[str, str] = {}
    for name in names:
        print(f"building {name}", file=sys.stderr, flush=True)
        try:
            with redirect_stdout(sys.stderr):
                paths[name] = build(name, asked.built)
        except (EdgeVisionError, ValueError, RuntimeError) as error:
            failures[name] = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
    print(f"{'':18}{'float ms':>9}{'dynamic':>10}{'plain':>10}{'ours':>10}  95 % of ours")
    slower = []
    for name, files in paths.items():
        begun = time.perf_counter()
        found = time_models(files, plan=plan)
        ratios = {kind: ratio_of(found["float"], found[kind]) for kind in KINDS[1:]}
        print(line(name, found, ratios), flush=True)
        slower += [name] * (ratios["ours int8"].verdict == "slower")
        document["networks"][name] = {
            "median_ms": {kind: found[kind].summary.p50_ms for kind in KINDS},
            "round_medians_ns": {kind: list(found[kind].round_medians_ns) for kind in KINDS},
            "size_bytes": {kind: files[kind].stat().st_size for kind in KINDS},
            "over_float": {kind: asdict(ratio) for kind, ratio in ratios.items()},
            "ours_over_plain": asdict(ratio_of(found["plain int8"], found["ours int8"])),
            "seconds": time.perf_counter() - begun,
        }
    for name, failure in failures.items():
        print(f"{name:18} {failure[:61]}")
    if slower:
        print(f"slower than float: {', '.join(slower)}")
    document["failures"] = failures
    if asked.json:
        asked.json.write_text(json.dumps(document, indent=1) + "\n")
    return int(bool(slower or failures))


if __name__ == "__main__":
    sys.exit(main())
