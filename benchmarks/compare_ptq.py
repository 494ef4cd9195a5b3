"""Int8 of the same float model by several tools: size, agreement, output SQNR, seconds, latency.

Each tool gets the same calibration photos; every file is scored by the same code in LiteRT on the
same evaluation photos, and all are timed interleaved, one thread. The agreement's spread is over
`--draws` random halves of the calibration photos.

    python benchmarks/compare_ptq.py model.keras --preprocess imagenet-torch \
        --calibration PHOTOS --eval PHOTOS
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgevision.bench.latency import time_models
from edgevision.bench.plan import Plan
from edgevision.dataset.imageset import ImageSet
from edgevision.dataset.open_set import open_image_set
from edgevision.metrics import agreement, sqnr_db, top_k_accuracy
from edgevision.preprocess.contract import Contract
from edgevision.preprocess.normalize import normalize
from edgevision.preprocess.options import from_option
from edgevision.quantize.quantize import quantize
from edgevision.recipe.recipe import Recipe
from edgevision.runtime.predict import pixels_of, scores_of
from edgevision.runtime.session import Session, usable_cpus
from edgevision.tensors import FloatArray, Pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One tool's file."""

    content: bytes
    contract: Contract
    seconds: float


Tool = Callable[[Path, Contract, list[Pixels]], Made]


def ours(quality: str) -> Tool:
    def run(model: Path, contract: Contract, pixels: list[Pixels]) -> Made:
        recipe = Recipe(quality=quality)  # type: ignore[arg-type] # the recipe checks it
        made = quantize(model, contract=contract, images=lambda: pixels, recipe=recipe)
        return Made(content=made.content, contract=made.contract, seconds=made.seconds)

    return run


def converter(source: Path) -> Tool:
    """TFLiteConverter's full integer recipe on the Keras model, as its guide has it."""
    code = """
import sys, time, numpy as np
import tensorflow as tf
source, photos, output = sys.argv[1:]
x = np.load(photos)
model = tf.keras.models.load_model(source, compile=False)
begun = time.perf_counter()
converter = tf.lite.TFLiteConverter.from_keras_model(model)
converter.optimizations = [tf.lite.Optimize.DEFAULT]
converter.representative_dataset = lambda: ([image[None]] for image in x)
converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
open(output, "wb").write(converter.convert())
print(time.perf_counter() - begun)
"""

    def run(_model: Path, contract: Contract, pixels: list[Pixels]) -> Made:
        with tempfile.TemporaryDirectory() as folder:
            photos, output = Path(folder) / "x.npy", Path(folder) / "out.tflite"
            np.save(photos, np.stack([normalize(p, contract) for p in pixels]))
            done = subprocess.run(
                [sys.executable, "-c", code, str(source), str(photos), str(output)],
                check=True,
                capture_output=True,
                text=True,
                env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            )
            seconds = float(done.stdout.split()[-1])
            return Made(content=output.read_bytes(), contract=contract, seconds=seconds)

    return run


def aeq(model: Path, contract: Contract, pixels: list[Pixels]) -> Made:
    """ai-edge-quantizer with its own static int8 recipe and its own calibration."""
    from ai_edge_quantizer import quantizer, recipe

    begun = time.perf_counter()
    tool = quantizer.Quantizer(str(model), recipe.static_wi8_ai8())
    data = _aeq_data(model, contract, pixels)
    found = tool.calibrate(data)
    content = bytes(tool.quantize(found).quantized_model)
    return Made(content=content, contract=contract, seconds=time.perf_counter() - begun)


def _aeq_data(
    model: Path, contract: Contract, pixels: list[Pixels]
) -> dict[str, list[dict[str, Any]]]:
    from ai_edge_litert.interpreter import Interpreter

    (signature, ends), *_ = Interpreter(str(model)).get_signature_list().items()
    return {signature: [{ends["inputs"][0]: normalize(image, contract)[None]} for image in pixels]}


def scores(made: Made, photos: list[Pixels]) -> FloatArray:
    with Session(made.content, threads=usable_cpus()) as session:
        return scores_of(session, made.contract, photos)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="Keras model, for TFLiteConverter")
    parser.add_argument("--float", type=Path, required=True, help="its float .tflite")
    parser.add_argument("--preprocess", required=True)
    parser.add_argument("--calibration", type=Path, required=True)
    parser.add_argument("--eval", type=Path, required=True)
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--draws", type=int, default=0)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    evaluation = open_image_set(asked.eval)
    with Session(asked.float) as session:
        _, height, width, channels = session.inputs[0].shape
    contract = from_option(asked.preprocess).contract(width=width, height=height, channels=channels)
    photos = list(pixels_of(open_image_set(asked.calibration), contract))[: asked.images]
    judged = list(pixels_of(evaluation, contract))
    whole = Made(content=asked.float.read_bytes(), contract=contract, seconds=0.0)
    reference = scores(whole, judged)
    tools: dict[str, Tool] = {
        "TFLiteConverter": converter(asked.source),
        "ai-edge-quantizer": aeq,
        "ours, fast": ours("fast"),
        "ours, balanced": ours("balanced"),
    }
    made: dict[str, Made] = {"float": whole}
    spread: dict[str, list[float]] = {}
    for name, tool in tools.items():
        made[name] = tool(asked.float, contract, photos)
        rng = np.random.default_rng(0)
        for _ in range(asked.draws):
            half = [photos[i] for i in rng.permutation(len(photos))[: len(photos) // 2]]
            drawn = scores(tool(asked.float, contract, half), judged)
            spread.setdefault(name, []).append(agreement(drawn, reference).value)
    times = time_models({name: one.content for name, one in made.items()}, plan=Plan(seconds=1.0))
    rows = [
        row(name, one, scores(one, judged), reference, evaluation)
        | {"ms": times[name].summary.p50_ms, "draws": spread.get(name, [])}
        for name, one in made.items()
    ]
    for one in rows:
        print(json.dumps(one))
    if asked.json is not None:
        asked.json.write_text(json.dumps(rows, indent=1) + "\n")


def row(
    name: str, made: Made, answers: FloatArray, reference: FloatArray, photos: ImageSet
) -> dict[str, Any]:
    top1 = None
    if photos.is_labelled:
        labels = np.array([item.label for item in photos], np.int64)
        top1 = top_k_accuracy(answers, labels).value
    rate = agreement(answers, reference)
    return {
        "tool": name,
        "bytes": len(made.content),
        "top1": top1,
        "agreement": rate.value,
        "interval": rate.interval,
        "sqnr_db": sqnr_db(reference, answers) if name != "float" else None,
        "seconds": round(made.seconds, 2),
    }


if __name__ == "__main__":
    main()
