"""Which importance and ranking keep most accuracy: ResNet-8 on CIFAR-10 at half its multiply-adds.

    python benchmarks/prune_importance.py ../shared/data

For each choice, accuracy on evaluation.npz right after removal, after the layers left have been
refitted on 512 images, and, with --epochs, after fine-tuning.
"""

import argparse
from pathlib import Path
from typing import Any, get_args

import keras
import numpy as np

from edgevision.compress.finetune.examples import Examples, examples_of
from edgevision.compress.finetune.fine_tune import fine_tune
from edgevision.compress.finetune.training import Training
from edgevision.compress.importance.gradients import gradients_on
from edgevision.compress.importance.reconstruction import images_for
from edgevision.compress.importance.scores import taylor_scores
from edgevision.compress.load import load_keras
from edgevision.compress.plan import Importance, PruningPlan, Ranking, Target
from edgevision.compress.prune import prune
from edgevision.dataset.formats.open_set import open_image_set
from edgevision.metrics.classification import top_k_accuracy
from edgevision.preprocess.image_preprocessing import ImagePreprocessing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with models/ and cifar10/")
    parser.add_argument("--remove", type=float, default=0.5, help="share of multiply-adds")
    parser.add_argument("--epochs", type=int, default=0)
    arguments = parser.parse_args()

    raw = ImagePreprocessing(width=32, height=32, fit="stretch")
    train = examples_of(open_image_set(arguments.data / "cifar10/train.npz"), raw)
    held_out = examples_of(open_image_set(arguments.data / "cifar10/evaluation.npz"), raw)
    model = load_keras(arguments.data / "models/mlperf_resnet8_cifar10.h5")
    print(f"float: {accuracy(model, held_out):.3f}", flush=True)
    print("| importance | ranking | multiply-adds left | removed | refitted | fine-tuned |")
    print("|---|---|---|---|---|---|")
    images = train.some(images_for(32, 32), among=np.arange(train.count))
    gradients = gradients_on(model, train)
    for ranking in get_args(Ranking):
        for importance in get_args(Importance):
            plan = PruningPlan(
                target=Target(measure="macs", fraction=arguments.remove),
                importance=importance,
                ranking=ranking,
            )
            score = (
                (lambda graph: taylor_scores(graph, gradients)) if importance == "taylor" else None
            )
            removed = accuracy(prune(model, plan, score=score).model, held_out)
            pruned = prune(model, plan, score=score, refit_on=images)
            left = pruned.after.macs / pruned.before.macs
            refitted = accuracy(pruned.model, held_out)
            tuned = "-"
            if arguments.epochs:
                fine_tune(pruned.model, model, train, Training(epochs=arguments.epochs))
                tuned = f"{accuracy(pruned.model, held_out):.1%}"
            print(
                f"| {importance} | {ranking} | {left:.1%} | {removed:.1%} | {refitted:.1%} "
                f"| {tuned} |",
                flush=True,
            )
            keras.utils.clear_session(free_memory=False)


def accuracy(model: Any, examples: Examples) -> float:
    """Top-1 on labelled images."""
    scores = np.asarray(model.predict(examples.batch(np.arange(examples.count)), verbose=0))
    return top_k_accuracy(scores, np.asarray(examples.labels)).value


if __name__ == "__main__":
    main()
