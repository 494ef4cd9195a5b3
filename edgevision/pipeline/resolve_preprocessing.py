"""The preprocessing of a model: as declared, doubted by labelled images; or what measures best."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgevision.dataset.imageset import ImageSet, Item
from edgevision.errors import UsageError
from edgevision.preprocess.auto import (
    PreprocessingChoice,
    PreprocessingTrial,
    candidates,
    clear_winner,
    misdeclaration,
    run_trials,
)
from edgevision.preprocess.declared import Preprocessing
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.progress import Progress, silent
from edgevision.runtime.input_encoder import can_hold
from edgevision.runtime.predict import outputs_of, pixels_of
from edgevision.runtime.session import Session, TensorSpec
from edgevision.tasks.interface import FrameSize
from edgevision.tasks.task import Task, chooses_one_class
from edgevision.tensors import FloatArray, Pixels

TRIAL_IMAGES = 60
"""Images on which a declared preprocessing is doubted; enough to see 20 points, quick to run."""

AUTO_IMAGES = 200
"""Images on which `--preprocess auto` chooses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedPreprocessing:
    """How the float model wants its pixels, and why we think so."""

    preprocessing: ImagePreprocessing
    choice: PreprocessingChoice | None = None
    """What `--preprocess auto` measured; None when it was declared."""
    warning: str | None = None
    """A warning when what was declared looks wrong."""


def resolve_preprocessing(
    session: Session,
    declared: Preprocessing | None,
    labelled: ImageSet | None,
    *,
    task_with: Callable[[ImagePreprocessing], Task],
    progress: Progress = silent,
) -> ResolvedPreprocessing:
    """The preprocessing of the float model: as declared, or what measures best.

    Args:
        session: the float model, open.
        declared: what the user declared; None to let labelled images decide.
        labelled: images with labels, None when there are none.
        task_with: what the outputs mean when pictures go in so.
        progress: told of the trials.

    Raises:
        UsageError: nothing was declared and no labelled images decide it, or none could for this
            task; or what was declared does not fit the model.
    """
    image = _image_input(session)
    _, height, width, channels = image.shape
    trying = [
        (name, one)
        for name, one in candidates(
            width=width, height=height, channels=channels, declared=_fixed_in_trials(declared)
        )
        if can_hold(image, one)
    ]
    if declared is None or not declared.is_complete:
        if labelled is None:
            raise UsageError(
                "--preprocess auto needs labelled images",
                hint="give them with --eval, or say how the model was trained: --preprocess NAME",
            )
        task = task_with(trying[0][1])
        if not chooses_one_class(task):
            raise UsageError(
                "--preprocess auto counts images whose class is right, and the task "
                f"{task.spec.kind} has no class",
                hint="say how the model was trained: --preprocess NAME; or what it answers: --task",
            )
        photos = _Photos(session, task, labelled, AUTO_IMAGES, trying[0][1])
        trials = photos.trials(trying, progress)
        choice = PreprocessingChoice(winner=clear_winner(trials), trials=trials)
        return ResolvedPreprocessing(preprocessing=choice.winner.preprocessing, choice=choice)
    preprocessing = declared.preprocessing(width=width, height=height, channels=channels)
    task = task_with(preprocessing)
    if labelled is None or not chooses_one_class(task):
        # Nothing to doubt it by.
        return ResolvedPreprocessing(preprocessing=preprocessing)
    named = declared.preset if not declared.is_auto else None
    chosen_name = named or "the numbers given"
    photos = _Photos(session, task, labelled, TRIAL_IMAGES, preprocessing)
    (chosen,) = photos.trials([(chosen_name, preprocessing)], progress)
    others = [(name, other) for name, other in trying if other != preprocessing]
    rivals = photos.rivals(chosen, others, progress)
    return ResolvedPreprocessing(
        preprocessing=preprocessing, warning=misdeclaration(chosen, rivals)
    )


LEAST_GAIN = 7
"""Fewer images than this, all won, are no clear difference: 0.5^6 is above the 1 % of
`misdeclaration`."""


class _Photos:
    """Labelled photos at the model's size, on which preprocessings of one fit are tried."""

    def __init__(
        self,
        session: Session,
        task: Task,
        labelled: ImageSet,
        limit: int,
        preprocessing: ImagePreprocessing,
    ) -> None:
        """Decode at most `limit` photos, fitted as `preprocessing` says."""
        chosen = spread(labelled.items, limit)
        # The candidates differ in colour order and normalization, not in fit: so the small
        # pixels are kept, not the photos, which may have megabytes each.
        plain = replace(preprocessing, color="gray" if preprocessing.color == "gray" else "rgb")
        self._session, self._task = session, task
        self._pixels = [pixels for pixels, _ in pixels_of(replace(labelled, items=chosen), plain)]
        self._labels = np.array([item.class_index for item in chosen], np.int64)

    def trials(
        self, preprocessings: Sequence[tuple[str, ImagePreprocessing]], progress: Progress
    ) -> tuple[PreprocessingTrial, ...]:
        """A trial of each preprocessing on all photos."""
        return run_trials(
            preprocessings, self._scorer(self._pixels), self._labels, progress=progress
        )

    def rivals(
        self,
        chosen: PreprocessingTrial,
        preprocessings: Sequence[tuple[str, ImagePreprocessing]],
        progress: Progress,
    ) -> tuple[PreprocessingTrial, ...]:
        """Trials of those preprocessings that could be clearly better than `chosen`.

        Only where `chosen` is wrong can another win. So the others are first tried on those few
        photos, and on all of them only when they win enough there.
        """
        missed = np.flatnonzero(~chosen.correct)
        if len(missed) < LEAST_GAIN:
            return ()
        score = self._scorer([self._pixels[index] for index in missed])
        first = run_trials(preprocessings, score, self._labels[missed], progress=progress)
        strong = {trial.name for trial in first if trial.correct.sum() >= LEAST_GAIN}
        return self.trials([pair for pair in preprocessings if pair[0] in strong], progress)

    def _scorer(self, pixels: list[Pixels]) -> Callable[[ImagePreprocessing], FloatArray]:
        def score(preprocessing: ImagePreprocessing) -> FloatArray:
            ordered = (one[..., ::-1] if preprocessing.color == "bgr" else one for one in pixels)
            frame = FrameSize(width=preprocessing.width, height=preprocessing.height)
            pictures = ((one, frame) for one in ordered)
            outputs = outputs_of(self._session, preprocessing, pictures)
            # A score for each class (`Task.label_count`).
            return np.stack([self._task.condense(one)[0] for one, _ in outputs])

        return score


def _image_input(session: Session) -> TensorSpec:
    images = [spec for spec in session.inputs if len(spec.shape) == 4]
    if len(images) != 1:
        listed = ", ".join(str(spec.shape) for spec in session.inputs)
        raise UsageError(
            f"the model's inputs {listed} are not one image (1, height, width, channels)",
            hint="cut the network down to its image input, or feed the others constants",
        )
    return images[0]


def _fixed_in_trials(declared: Preprocessing | None) -> Preprocessing:
    """What stays fixed while normalizations are tried: fit, crop and a declared colour order."""
    if declared is None:
        return Preprocessing()
    return Preprocessing(
        fit=declared.fit,
        crop_fraction=declared.crop_fraction,
        pad=declared.pad,
        color=declared.color,
    )


def spread(items: tuple[Item, ...], limit: int) -> tuple[Item, ...]:
    """At most `limit` items at even distances: sets sorted by class keep all their classes."""
    if len(items) <= limit:
        return items
    steps = np.linspace(0, len(items) - 1, limit).round().astype(int)
    return tuple(items[step] for step in steps)
