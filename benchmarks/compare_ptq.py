"""INT8 of the same float model by TFLiteConverter, ai-edge-quantizer, NNCF and EdgeVision.

Same calibration images, same scorer, one table a model:

    python benchmarks/compare_ptq.py ../shared/data [--quick] [--models resnet8 ...] [--json FILE]
        [--nets runs/cifar_nets] [--lite0 efficientnet-lite0-57934424.pth]
        [--quantizers ours --reuse earlier.json] [--cifar10-evaluation whole-evaluation.npz]

Every quantizer meets the same seeded draws of calibration images; figures are medians over the
draws, and agreement has its lowest and highest beside it. "top-1" counts the labelled pictures;
"agree" is the share of pictures, and of photos' mirror images and corners (ptq_subjects), on
which the answer is that of the float model; SQNR and KL compare the outputs. "CPU s" is the
processor's time to quantize, "ms" that of one run of the first draw's model, one thread, in turns:
a busy machine stretches the clock's time, but not these.
NNCF takes part when nncf and openvino are installed; its models run in OpenVINO, and so does its
latency. --nets adds the networks of train_cifar_nets.py and fit_cifar_heads.py that the folder
holds, --lite0 the weights that efficientnet_lite0.py tells how to get. --cifar10-evaluation scores
on whole_cifar10.py's 10,000 images instead of 1,000.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from ptq_quantizers import Given, Made, Quantizer, float_model, quantizers
from ptq_subjects import Images, Subject, images_of, subjects
from ptq_subjects import float_model as built_float_model
from ptq_table import Row, Score, best_peer, score, table

from edgevision.bench.machine.host import read_host
from edgevision.bench.timing.case import Case
from edgevision.bench.timing.latency import time_cases
from edgevision.bench.timing.plan import TimingPlan
from edgevision.errors import EdgeVisionError
from edgevision.tensors import Pixels

ROOT = Path(__file__).resolve().parents[1]


def draw(images: Images, count: int, seed: int) -> list[int]:
    """Places in the pool of one draw, in random order."""
    size = len(images.pool)
    return [int(at) for at in np.random.default_rng(seed).permutation(size)[: min(count, size)]]


def compare(
    subject: Subject,
    given: Given,
    images: Images,
    made_by: Mapping[str, Quantizer],
    *,
    draws: Sequence[Sequence[int]],
    plan: TimingPlan,
) -> list[Row]:
    """One row for the float model and one for each quantizer."""
    base = float_model(given)
    reference = base.scores(images.scored)
    first = Row(
        quantizer="float",
        size_bytes=[base.size_bytes],
        cpu_seconds=[],
        scores=[score(reference, reference, images)],
    )
    rows, open_models = [first], {"float": base}
    for name, quantizer in made_by.items():
        row = Row(quantizer=name, size_bytes=[], cpu_seconds=[], scores=[])
        rows.append(row)
        for number, places in enumerate(draws):
            print(f"{subject.name}: {name}, draw {number + 1}", file=sys.stderr, flush=True)
            made = made_or_failure(quantizer, given, [images.pool[at] for at in places])
            if isinstance(made, str):
                row.failure = made
                break
            open_models.setdefault(name, made)
            row.size_bytes.append(made.size_bytes)
            row.cpu_seconds.append(made.cpu_seconds)
            row.scores.append(score(made.scores(images.scored), reference, images))
    add_latencies(rows, open_models, plan)
    return rows


def made_or_failure(quantizer: Quantizer, given: Given, images: Sequence[Pixels]) -> Made | str:
    try:
        # Peers print what they do; standard output is for the table.
        with redirect_stdout(sys.stderr):
            return quantizer(given, images)
    except (EdgeVisionError, ValueError, RuntimeError, NotImplementedError, KeyError) as error:
        # A quantizer that cannot do a model is a result; the others go on.
        lines = str(error).strip().splitlines() or [""]
        return f"{type(error).__name__}: {lines[0][:200]}"


def add_latencies(rows: Sequence[Row], models: Mapping[str, Made], plan: TimingPlan) -> None:
    """The processor's time of all models, in turns, whatever they run in."""
    cases = [Case(name=name, model=b"") for name in models]
    found = time_cases(
        cases,
        plan,
        open_case=lambda case: models[case.name].open(),
        clock_ns=time.process_time_ns,
    )
    by_name = {latency.name: latency for latency in found}
    for row in rows:
        if row.quantizer in by_name:
            row.latency_ms = by_name[row.quantizer].summary.p50_ms


def reused(path: Path, settings: Mapping[str, object], model: str) -> list[Row]:
    """The rows of `model` in a result of this script, without latencies: they were not in turns.

    Raises:
        SystemExit: it was made with other draws.
    """
    document = json.loads(path.read_text())
    if any(document[name] != value for name, value in settings.items()):
        sys.exit(f"{path} was made with other draws than these: {settings}")
    return [
        Row(**{**row, "latency_ms": None, "scores": [Score(**one) for one in row["scores"]]})
        for row in document["models"].get(model, [])
    ]


def merged(fresh: Sequence[Row], earlier: Sequence[Row]) -> list[Row]:
    """The fresh rows, and of the earlier ones those of other quantizers, ours last."""
    names = {row.quantizer for row in fresh}
    rows = [*fresh, *(row for row in earlier if row.quantizer not in names)]
    return sorted(rows, key=lambda row: (row.quantizer != "float", row.quantizer[:4] == "ours"))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder with models, photos and cifar10")
    parser.add_argument("--nets", type=Path, help="folder written by train_cifar_nets.py")
    parser.add_argument("--lite0", type=Path, help="EfficientNet-Lite0's weights, .pth")
    parser.add_argument("--cifar10-evaluation", type=Path, help=".npz to score on instead")
    parser.add_argument("--models", nargs="+", help="only these")
    parser.add_argument("--quantizers", nargs="+", help="only these, by their names' beginnings")
    parser.add_argument("--reuse", type=Path, help="rows of the other quantizers from this --json")
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--count", type=int, default=80, help="images in a draw")
    parser.add_argument("--seed", type=int, default=0, help="of the draws")
    parser.add_argument("--quick", action="store_true", help="one draw, pictures without views")
    parser.add_argument("--built", type=Path, default=ROOT / "runs" / "ptq", help="float models")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    known = subjects(asked.data, asked.nets, asked.lite0, asked.cifar10_evaluation)
    if unknown := set(asked.models or ()) - set(known):
        parser.error(f"unknown model {min(unknown)!r}; known: {', '.join(known)}")
    made_by = {
        name: quantizer
        for name, quantizer in quantizers().items()
        if not asked.quantizers or name.startswith(tuple(asked.quantizers))
    }
    asked.built.mkdir(parents=True, exist_ok=True)
    settings = {
        "draws": 1 if asked.quick else asked.draws,
        "count": asked.count,
        "seed": asked.seed,
        "quick": asked.quick,
    }
    found = {}
    for name in asked.models or known:
        subject = known[name]
        keras_file, float_file = built_float_model(subject, asked.built)
        images = images_of(subject, quick=asked.quick)
        seeds = range(asked.seed, asked.seed + settings["draws"])
        draws = [draw(images, asked.count, seed) for seed in seeds]
        given = Given(
            keras_file=keras_file, float_file=float_file, preprocessing=subject.preprocessing
        )
        plan = TimingPlan(rounds=3 if asked.quick else 10, seconds=0.5 if asked.quick else 2.0)
        rows = compare(subject, given, images, made_by, draws=draws, plan=plan)
        if asked.reuse:
            rows = merged(rows, reused(asked.reuse, settings, name))
        found[name] = [asdict(row) for row in rows]
        labelled = 0 if images.labels is None else len(images.labels)
        print(
            f"\n{name}: {len(draws[0])} of {len(images.pool)} calibration images in each of "
            f"{len(draws)} draws;\n{labelled} labelled pictures, agreement over "
            f"{len(images.scored)}\n{table(rows)}\n{best_peer(rows, images)}",
            flush=True,
        )
        if asked.json:
            # After every model: whoever stops a long run keeps what it has.
            document = {"host": asdict(read_host()), **settings, "models": found}
            asked.json.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
