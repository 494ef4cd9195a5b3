"""Is our int8 of `--on local` ever slower than float? A dozen keras.applications, timed in turns.

    python benchmarks/never_slower.py [--quick] [--networks MobileNetV2 ...] [--json FILE]

Ours is what `edgevision quantize --on local` makes: this machine is taken for the device, and may
put operators back to float. Without --on no clock takes part in a file: that promises nothing.

Each network with random weights (speed depends on shapes and types, not on what was learned)
becomes a float, a dynamic-range, a plain TFLiteConverter int8 and our int8 file. All four run in
turns on one thread, and the processor's time counts, which a busy machine does not stretch. Ratios
are over float, below 1 is faster; the last one has its 95 % interval. Building takes half a minute
a network, once; files are kept in --built. Exits with 1 when ours is slower beyond doubt.
"""

import argparse
import inspect
import json
import os
import sys
import textwrap
import time
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from numpy.typing import NDArray

from edgevision.bench.machine.host import read_host
from edgevision.bench.timing.case import Case
from edgevision.bench.timing.latency import Latency, time_cases
from edgevision.bench.timing.plan import TimingPlan
from edgevision.bench.timing.ratio import Ratio, ratio_of
from edgevision.convert.convert import convert
from edgevision.errors import EdgeVisionError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
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
KINDS = ("float", "dynamic", "plain int8", "ours int8")


@dataclass(frozen=True, kw_only=True)
class Built:
    """The four files of a network."""

    paths: dict[str, Path]
    """By kind, `KINDS`."""
    sentence: str
    """What our quantizer has to say about speed; empty when int8 throughout is not slower."""


def preprocessing_of(side: int) -> ImagePreprocessing:
    """Pixels in -1..1."""
    return ImagePreprocessing(width=side, height=side, fit="stretch", mean=(127.5,), std=(127.5,))


def build(network: str, side: int, folder: Path) -> Built:
    """The files of a network; float and plain int8 only when they are not in `folder`."""
    paths = {kind: folder / f"{network}-{side}-{kind.replace(' ', '-')}.tflite" for kind in KINDS}
    if not (paths["float"].exists() and paths["plain int8"].exists()):
        model = keras_model(network, side)
        source = folder / f"{network}.keras"
        model.save(source)
        convert(source, paths["float"], overwrite=True)
        source.unlink()
        paths["plain int8"].write_bytes(plain_int8(model, side))
    dynamic = quantize(
        paths["float"], preprocessing=preprocessing_of(side), images=None, recipe=RECIPES["dynamic"]
    )
    # Qualities differ in the numbers in a file, which cost time to choose and none to run.
    ours = quantize(
        paths["float"],
        preprocessing=preprocessing_of(side),
        images=lambda: random_images(side),
        recipe=replace(RECIPES["int8"], quality="fast"),
        timer=median_ms,
    )
    paths["dynamic"].write_bytes(dynamic.content)
    paths["ours int8"].write_bytes(ours.content)
    return Built(paths=paths, sentence=ours.verdict.sentence if ours.verdict else "")


def median_ms(files: Mapping[str, bytes]) -> dict[str, float]:
    """What `edgevision quantize --on local` times with, to leave slow operators in float."""
    found = timed(files, TimingPlan(rounds=5, seconds=0.5, least_runs=20))
    return {name: latency.summary.p50_ms for name, latency in found.items()}


def timed(files: Mapping[str, Path | bytes], plan: TimingPlan) -> dict[str, Latency]:
    """The processor's time of one thread, in turns; waiting for a busy processor not counted."""
    cases = [Case(name=name, model=model) for name, model in files.items()]
    found = time_cases(cases, plan, clock_ns=time.process_time_ns)
    return {latency.name: latency for latency in found}


def keras_model(network: str, side: int) -> Any:
    import keras

    keras.backend.clear_session()
    keras.utils.set_random_seed(0)
    # Without its Rescaling layer, EfficientNet and its like take the same -1..1 as the others.
    options = {"include_preprocessing": False}
    builder = getattr(keras.applications, network)
    takes = inspect.signature(builder).parameters
    chosen = {name: value for name, value in options.items() if name in takes}
    inner = builder(weights=None, input_shape=(side, side, 3), **chosen)
    # A fixed batch: with -1 there, MobileNetV3's reshapes are refused by XNNPACK.
    given = keras.Input(batch_shape=(1, side, side, 3))
    return keras.Model(given, inner(given, training=False))


def plain_int8(model: Any, side: int) -> bytes:
    """As tutorials do it."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: (
        [(pixels[None] / np.float32(127.5) - 1).astype(np.float32)]
        for pixels in random_images(side)
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    content: bytes = converter.convert()
    return content


def random_images(side: int, count: int = 8) -> list[NDArray[np.uint8]]:
    chance = np.random.default_rng(0)
    return [chance.integers(0, 256, (side, side, 3), np.uint8) for _ in range(count)]


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
    parser.add_argument("--side", type=int, default=128, help="width and height, pixels")
    parser.add_argument("--built", type=Path, default=ROOT / "runs" / "never_slower")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    asked.built.mkdir(parents=True, exist_ok=True)
    plan = (
        TimingPlan(rounds=6, seconds=0.6, least_runs=12)
        if asked.quick
        else TimingPlan(least_runs=30)
    )
    document: dict[str, Any] = {"host": asdict(read_host()), "side": asked.side, "networks": {}}
    names = asked.networks or (QUICK if asked.quick else NETWORKS)
    built: dict[str, Built] = {}
    failures: dict[str, str] = {}
    for name in names:
        print(f"building {name}", file=sys.stderr, flush=True)
        try:
            with redirect_stdout(sys.stderr):
                built[name] = build(name, asked.side, asked.built)
        except (EdgeVisionError, ValueError, RuntimeError) as error:
            failures[name] = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
    print(f"{'':18}{'float ms':>9}{'dynamic':>10}{'plain':>10}{'ours':>10}  95 % of ours")
    slower = []
    for name, one in built.items():
        files = one.paths
        begun = time.perf_counter()
        found = timed(files, plan)
        ratios = {kind: ratio_of(found["float"], found[kind]) for kind in KINDS[1:]}
        print(line(name, found, ratios), flush=True)
        if one.sentence:
            print(textwrap.fill(one.sentence, 78, initial_indent="  ", subsequent_indent="  "))
        slower += [name] * (ratios["ours int8"].verdict == "slower")
        document["networks"][name] = {
            "median_ms": {kind: found[kind].summary.p50_ms for kind in KINDS},
            "round_medians_ns": {kind: list(found[kind].round_medians_ns) for kind in KINDS},
            "size_bytes": {kind: files[kind].stat().st_size for kind in KINDS},
            "over_float": {kind: asdict(ratio) for kind, ratio in ratios.items()},
            "ours_over_plain": asdict(ratio_of(found["plain int8"], found["ours int8"])),
            "sentence": one.sentence,
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
