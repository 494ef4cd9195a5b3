"""Accuracy against size and latency as channels go: prune, fine-tune, quantize and measure.

    python benchmarks/prune_curve.py ../shared/data/models/mlperf_resnet8_cifar10.h5 \
        ../shared/data/cifar10 runs/resnet8 --preprocess raw --epochs 20

Each model that is trained is kept in the output folder and not trained again, and an interrupted
training goes on where it was. `--only train` stops after that, `--only measure` trains nothing.
`evaluation.npz` is used for nothing but the accuracy printed; `--evaluation` names another set.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from scores import scores_of

from edgevision.bench.timing.latency import time_models
from edgevision.bench.timing.plan import TimingPlan
from edgevision.compress.finetune.examples import examples_of, split
from edgevision.compress.finetune.fine_tune import fine_tune
from edgevision.compress.finetune.training import Training, Weights
from edgevision.compress.importance.reconstruction import images_for
from edgevision.compress.load import load_keras
from edgevision.compress.plan import PruningPlan, Target
from edgevision.compress.prune import prune
from edgevision.convert.convert import convert
from edgevision.dataset.formats.open_set import open_image_set
from edgevision.metrics.classification import top_k_accuracy
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.options import from_option
from edgevision.preprocess.pixels import to_pixels
from edgevision.quantize.quantize import quantize
from edgevision.recipe.named import recipe_for


def main() -> None:
    arguments = _arguments()
    arguments.output.mkdir(parents=True, exist_ok=True)
    model = load_keras(arguments.model)
    _, height, width, channels = model.inputs[0].shape
    preprocessing = from_option(arguments.preprocess).preprocessing(
        width=width, height=height, channels=channels
    )
    if arguments.only != "measure":
        for fraction in arguments.remove:
            _train(arguments, preprocessing, fraction)
    if arguments.only != "train":
        _measure(arguments, preprocessing)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path, help="folder with train, calibration, evaluation .npz")
    parser.add_argument("output", type=Path, help="folder for models and results.json")
    parser.add_argument("--preprocess", default="raw")
    parser.add_argument("--measure", default="macs", help="macs, params or channels")
    parser.add_argument("--remove", type=float, nargs="+", default=[0.25, 0.5, 0.65, 0.75])
    parser.add_argument("--importance", default="l2")
    parser.add_argument("--ranking", default="layer")
    parser.add_argument("--round-to", type=int, default=8)
    parser.add_argument("--keep", nargs="*", default=[], help="patterns of layers left as they are")
    parser.add_argument("--teacher-weight", type=float, default=Weights().teacher)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=Training().batch_size)
    parser.add_argument("--learning-rate", type=float, default=Training().learning_rate)
    parser.add_argument("--evaluation", type=Path, help="image set; DATA/evaluation.npz")
    parser.add_argument("--only", choices=["train", "measure"])
    return parser.parse_args()


def _name(arguments: argparse.Namespace, fraction: float) -> str:
    return f"{arguments.measure}-{round(100 * fraction):02d}"


def _train(
    arguments: argparse.Namespace, preprocessing: ImagePreprocessing, fraction: float
) -> None:
    path = arguments.output / f"{_name(arguments, fraction)}.keras"
    if path.exists():
        return
    model = load_keras(arguments.model)
    target = Target(measure=arguments.measure, fraction=fraction)
    plan = PruningPlan(
        target=target,
        importance=arguments.importance,
        ranking=arguments.ranking,
        round_to=arguments.round_to,
        keep=tuple(arguments.keep),
    )
    examples = examples_of(open_image_set(arguments.data / "train.npz"), preprocessing)
    training = Training(
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        learning_rate=arguments.learning_rate,
        weights=Weights(teacher=arguments.teacher_weight),
    )
    seen, _ = split(examples, training.held_out, training.seed)
    count = images_for(preprocessing.height, preprocessing.width)
    pruned = prune(model, plan, refit_on=examples.some(count, among=seen))
    tuned = fine_tune(
        pruned.model,
        model,
        examples,
        training,
        checkpoint=path.with_suffix(".npz"),
    )
    facts = {
        "epochs": len(tuned.epochs),
        "macs": [pruned.before.macs, pruned.after.macs],
        "parameters": [pruned.before.parameters, pruned.after.parameters],
        "expected_int8_bytes": pruned.after.int8_bytes,
        "widths": pruned.widths_after,
        "held_out": [tuned.score_before, tuned.score],
        "curve": [round(epoch.score, 4) for epoch in tuned.epochs],
        "training_images": tuned.training_images,
    }
    path.with_suffix(".json").write_text(json.dumps(facts, indent=1))
    pruned.model.save(path)
    print(path.name, json.dumps(facts), flush=True)


def _measure(arguments: argparse.Namespace, preprocessing: ImagePreprocessing) -> None:
    calibration = open_image_set(arguments.data / "calibration.npz")
    evaluation = open_image_set(arguments.evaluation or arguments.data / "evaluation.npz")
    observed = [to_pixels(calibration.load(item), preprocessing) for item in calibration]
    seen = [to_pixels(evaluation.load(item), preprocessing) for item in evaluation]
    labels = np.array(evaluation.class_indices)
    contents: dict[str, bytes] = {}
    accuracy: dict[str, float] = {}
    for fraction in [0.0, *arguments.remove]:
        name = _name(arguments, fraction)
        source = arguments.output / f"{name}.keras" if fraction else arguments.model
        made = arguments.output / f"{name}.tflite"
        convert(source, made, overwrite=True)
        small = quantize(
            made.read_bytes(),
            preprocessing=preprocessing,
            images=lambda: iter(observed),
            recipe=recipe_for("int8"),
        )
        contents |= {f"{name} float": made.read_bytes(), f"{name} int8": small.content}
        for kind, own in (("float", preprocessing), ("int8", small.preprocessing)):
            scores = scores_of(contents[f"{name} {kind}"], own, iter(seen))
            accuracy[f"{name} {kind}"] = top_k_accuracy(scores, labels).value
    timing = TimingPlan(rounds=7, seconds=2.0, least_runs=100)
    latencies = time_models(contents, threads=1, plan=timing)
    base = f"{_name(arguments, 0)} float"
    base_ms = float(np.median(latencies[base].steady_ns)) / 1e6
    rows = {}
    print("| model | accuracy | size | of float | median ms | times faster |")
    print("|---|---|---|---|---|---|")
    for name, content in contents.items():
        median_ms = float(np.median(latencies[name].steady_ns)) / 1e6
        rows[name] = {
            "accuracy": accuracy[name],
            "size_bytes": len(content),
            "median_ms": median_ms,
        }
        print(
            f"| {name} | {accuracy[name]:.1%} | {len(content):,} "
            f"| {len(content) / len(contents[base]):.1%} | {median_ms:.4f} "
            f"| {base_ms / median_ms:.2f} |"
        )
    results = {"images": len(labels), "threads": 1, "models": rows}
    (arguments.output / "results.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
