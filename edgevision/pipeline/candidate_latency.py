"""How fast a Keras model will be somewhere as an int8 `.tflite`: what `prune --latency` aims at."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from edgevision.bench.measure import BenchJob
from edgevision.bench.remote.dispatch import Access, measure_at
from edgevision.bench.remote.target import parse_target
from edgevision.bench.timing.case import Case
from edgevision.bench.timing.plan import TimingPlan
from edgevision.convert.convert import convert
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.progress import Progress, silent
from edgevision.quantize.quantize import quantize
from edgevision.recipe.recipe import Recipe

TIMING = TimingPlan(rounds=5, seconds=1.0, least_runs=50)
"""For each candidate: enough to tell 2 % apart on a quiet machine, and there are about ten."""

TIMED_ONLY = Recipe(
    quality="fast",
    ranges="min-max",
    equalization="off",
    weight_rounding="off",
    bias_correction=False,
)
"""int8 as quickly as it is made: none of the steps that are left out changes what is computed."""


def int8_latency_ms(
    *,
    target: str = "local",
    threads: int = 1,
    access: Access | None = None,
    progress: Progress = silent,
) -> Callable[[Path], float]:
    """A function that measures a `.keras` file: converted, quantized to int8, timed on `target`.

    Its ranges come from noise, and nothing is done for accuracy: that makes its answers worthless
    and its speed what it will be.

    Args:
        target: "local", "ssh://user@host" or "adb:SERIAL", as `edgevision bench --on`.
        threads: of the interpreter.
        access: How to get at other machines.
        progress: Told of candidates measured.

    Raises:
        UsageError: `target` is none.
    """
    where = parse_target(target)
    measured = 0

    def latency_ms(model: Path) -> float:
        nonlocal measured
        with tempfile.TemporaryDirectory(prefix="edgevision-") as folder:
            made = convert(model, Path(folder) / "candidate.tflite")
            small = Path(folder) / "candidate_int8.tflite"
            small.write_bytes(_noise_quantized(made.path.read_bytes(), made.input_shape))
            case = Case(name="candidate", model=small, threads=threads)
            job = BenchJob(cases=(case,), plan=TIMING)
            result = measure_at(where, job, access or Access())
        measured += 1
        progress(measured, measured + 1, "measuring candidates")
        return float(result.models[0].latency.summary.p50_ms)

    return latency_ms


def _noise_quantized(content: bytes, input_shape: tuple[int, ...]) -> bytes:
    _, height, width, channels = input_shape
    preprocessing = ImagePreprocessing(
        width=width,
        height=height,
        fit="stretch",
        color="gray" if channels == 1 else "rgb",
        mean=(127.5,),
        std=(127.5,),
    )
    random = np.random.default_rng(0)
    noise = random.integers(0, 256, (8, height, width, channels)).astype(np.uint8)
    made = quantize(
        content, preprocessing=preprocessing, images=lambda: iter(noise), recipe=TIMED_ONLY
    )
    return made.content
