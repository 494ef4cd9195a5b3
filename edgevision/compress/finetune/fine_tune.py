"""Train a smaller model until it answers like the original again."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import keras
import numpy as np

from edgevision.compress.finetune.augmentation import augmented
from edgevision.compress.finetune.checkpoint import Checkpoint, Epoch
from edgevision.compress.finetune.distillation import answers_of
from edgevision.compress.finetune.examples import Examples, Indices, split
from edgevision.compress.finetune.learner import Learner
from edgevision.compress.finetune.training import Training
from edgevision.compress.prune import Feature
from edgevision.errors import ImageSetError, UsageError
from edgevision.progress import Progress, silent
from edgevision.tensors import FloatArray

AfterStep: TypeAlias = Callable[[int, Any], None]
"""Called with the number of steps done and the model in training, before the first and after
each: where masks are applied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTuned:
    """What came of it; the weights of the best epoch are in the model that was given."""

    epochs: tuple[Epoch, ...]
    best_epoch: int
    """From 1; 0 when no epoch was better than the model as it came."""

    score_before: float
    score_name: str
    """What an epoch's score is: "accuracy", "agreement" with the original, or "negative error"."""

    training_images: int
    held_out_images: int

    @property
    def score(self) -> float:
        """Of the best epoch."""
        return self.epochs[self.best_epoch - 1].score if self.best_epoch else self.score_before


def fine_tune(
    student: Any,
    teacher: Any,
    examples: Examples,
    training: Training,
    *,
    feature: Feature | None = None,
    checkpoint: Path | None = None,
    after_step: AfterStep = lambda _step, _model: None,
    best_after: int = 0,
    progress: Progress = silent,
) -> FineTuned:
    """Train `student` in place to answer like `teacher`, on all GPUs there are.

    Every layer is trained, also those that were frozen when the model was made: each has to
    adapt to having lost channels.

    Args:
        student: The smaller model.
        teacher: The original, with the same inputs and outputs; it is not changed.
        examples: Training images. Without labels the teacher alone is followed.
        training: How.
        feature: Where to compare inner feature maps, when `training.weights.features` asks to.
        checkpoint: A file to write after every epoch. If it is there, the run that wrote it is
            continued and comes out as if it had not been interrupted.
        after_step: Called between steps with the model in training.
        best_after: Epochs that end before so many steps cannot be the best, and neither can the
            model as it came, when this is above 0.
        progress: Told about steps.

    Raises:
        ImageSetError: too few images, or labels beyond the model's classes.
        UsageError: `checkpoint` was written by another run.
    """
    answers = answers_of(teacher)
    _check(examples, training, teacher, answers[0])
    chosen, held_out = split(examples, training.held_out, training.seed)
    batch_size = min(training.batch_size, len(chosen))
    steps = steps_of(examples, training)
    keras.utils.set_random_seed(training.seed)
    learner = Learner(
        student,
        teacher,
        answers=answers,
        has_labels=examples.labels is not None and len(answers) == 1,
        weights=training.weights,
        feature=feature if training.weights.features else None,
        learning_rate=training.learning_rate,
        total_steps=training.epochs * steps,
    )
    state = Checkpoint.open(checkpoint, learner, _fingerprint(training, examples, student))
    if state.score_before is None:
        state.score_before = learner.score(examples, held_out, batch_size)
        state.best_score = -np.inf if best_after else state.score_before
    after_step(len(state.epochs) * steps, learner.student)
    for epoch in range(len(state.epochs), training.epochs):
        if _is_over(state, training.patience):
            break
        losses = []
        for step, (batch, labels) in enumerate(
            _batches(examples, chosen, batch_size, training, epoch)
        ):
            losses.append(learner.step(batch, labels))
            done = epoch * steps + step + 1
            after_step(done, learner.student)
            progress(done, training.epochs * steps, "fine-tuning")
        score = learner.score(examples, held_out, batch_size)
        counts = (epoch + 1) * steps >= best_after
        state.add(Epoch(loss=float(np.mean(losses)), score=score), learner, counts=counts)
        if checkpoint is not None:
            state.save(checkpoint, learner)
    state.give_best(student)
    return FineTuned(
        epochs=tuple(state.epochs),
        best_epoch=state.best_epoch,
        score_before=state.score_before,
        score_name=learner.score_name,
        training_images=len(chosen),
        held_out_images=len(held_out),
    )


def steps_of(examples: Examples, training: Training) -> int:
    """Steps in one epoch of `training` on these images."""
    chosen, _ = split(examples, training.held_out, training.seed)
    return len(chosen) // min(training.batch_size, len(chosen))


def _check(examples: Examples, training: Training, teacher: Any, answer: str) -> None:
    if examples.count < 4:
        message = f"{examples.name} has {examples.count} images, too few to train on"
        raise ImageSetError(message, hint="give a folder with more images to --train")
    if examples.labels is not None and answer in {"softmax", "logits"}:
        classes = int(teacher.outputs[0].shape[-1])
        largest = int(examples.labels.max())
        if largest >= classes:
            message = f"{examples.name} has label {largest}, but the model knows {classes} classes"
            raise ImageSetError(message, hint="the labels must count as the model's outputs do")
    if examples.labels is None and training.weights.teacher == 0:
        message = f"{examples.name} has no labels, and the original's answers are weighted 0"
        raise UsageError(message, hint="give labels, or leave --teacher-weight away")


def _is_over(state: Checkpoint, patience: int | None) -> bool:
    return patience is not None and len(state.epochs) - state.best_epoch >= patience


def _fingerprint(training: Training, examples: Examples, student: Any) -> str:
    shapes = [tuple(weight.shape) for weight in student.weights]
    return repr((training, examples.name, examples.count, examples.preprocessing, shapes))


def _batches(
    examples: Examples, chosen: Indices, batch_size: int, training: Training, epoch: int
) -> Iterator[tuple[FloatArray, Indices | None]]:
    """The batches of one epoch, which depend on the seed and the epoch only."""
    random = np.random.default_rng([training.seed, epoch])
    order = random.permutation(chosen)
    count = len(order) // batch_size

    def prepared(step: int) -> tuple[FloatArray, Indices | None]:
        indices = order[step * batch_size : (step + 1) * batch_size]
        own = np.random.default_rng([training.seed, epoch, step])
        batch = augmented(examples.batch(indices), training.augmentation, own)
        return batch, None if examples.labels is None else examples.labels[indices]

    # The next batch is read while the model trains on this one.
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(prepared, 0)
        for step in range(count):
            batch = coming.result()
            if step + 1 < count:
                coming = reader.submit(prepared, step + 1)
            yield batch
