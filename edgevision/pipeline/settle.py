"""Settling the contract: what was said, checked against labelled images; or what measures best."""

from collections.abc import Callable

import numpy as np

from edgevision.dataset.imageset import ImageSet, Item
from edgevision.errors import UsageError
from edgevision.preprocess.auto import (
    Trial,
    candidates,
    clear_winner,
    doubt,
    run_trials,
)
from edgevision.preprocess.contract import Contract
from edgevision.preprocess.options import Preprocessing
from edgevision.preprocess.pixels import to_pixels
from edgevision.progress import Progress, silent
from edgevision.runtime.predict import scores_of
from edgevision.runtime.session import Session
from edgevision.tensors import FloatArray, RgbImage

TRIAL_IMAGES = 60
"""Images on which a declared preprocessing is doubted; enough to see 20 points, quick to run."""

AUTO_IMAGES = 200
"""Images on which `--preprocess auto` chooses."""


def settle(
    session: Session,
    said: Preprocessing | None,
    labelled: ImageSet | None,
    *,
    progress: Progress = silent,
) -> tuple[Contract, str | None]:
    """The contract of the float model, and a warning when what was said looks wrong.

    Args:
        session: the float model, open.
        said: what the user declared; None to let labelled images decide.
        labelled: images with labels, None when there are none.
        progress: told of the trials.

    Raises:
        UsageError: nothing was said and no labelled images decide it; or what was said does not
            fit the model.
    """
    _, height, width, channels = _image_shape(session)
    trying = candidates(width=width, height=height, channels=channels, said=_kept_in_trials(said))
    if said is None or not said.is_complete:
        if labelled is None:
            raise UsageError(
                "--preprocess auto needs labelled images",
                hint="give them with --eval, or say how the model was trained: --preprocess NAME",
            )
        trials = _trials(session, trying, labelled, AUTO_IMAGES, progress)
        return clear_winner(trials).contract, None
    contract = said.contract(width=width, height=height, channels=channels)
    if labelled is None:
        return contract, None
    others = [(name, other) for name, other in trying if other != contract]
    name = said.preset or "the numbers given"
    chosen, *rest = _trials(session, [(name, contract), *others], labelled, TRIAL_IMAGES, progress)
    return contract, doubt(chosen, rest)


def _image_shape(session: Session) -> tuple[int, int, int, int]:
    shapes = [spec.shape for spec in session.inputs if len(spec.shape) == 4]
    if len(shapes) != 1:
        listed = ", ".join(str(spec.shape) for spec in session.inputs)
        raise UsageError(
            f"the model's inputs {listed} are not one image (1, height, width, channels)",
            hint="models of several inputs: use the Python API, edgevision.quantize",
        )
    batch, height, width, channels = shapes[0]
    return batch, height, width, channels


def _kept_in_trials(said: Preprocessing | None) -> Preprocessing:
    """What stays fixed while normalizations are tried: fit, crop and a declared colour order."""
    if said is None:
        return Preprocessing()
    return Preprocessing(
        fit=said.fit, crop_fraction=said.crop_fraction, pad=said.pad, color=said.color
    )


def _trials(
    session: Session,
    contracts: list[tuple[str, Contract]],
    labelled: ImageSet,
    limit: int,
    progress: Progress,
) -> tuple[Trial, ...]:
    chosen = spread(labelled.items, limit)
    photos = [labelled.load(item) for item in chosen]
    labels = np.array([item.label for item in chosen], np.int64)
    return run_trials(contracts, _scorer(session, photos), labels, progress=progress)


def spread(items: tuple[Item, ...], limit: int) -> tuple[Item, ...]:
    """At most `limit` items at even distances: sets sorted by class keep all their classes."""
    if len(items) <= limit:
        return items
    steps = np.linspace(0, len(items) - 1, limit).round().astype(int)
    return tuple(items[step] for step in steps)


def _scorer(session: Session, photos: list[RgbImage]) -> Callable[[Contract], FloatArray]:
    def score(contract: Contract) -> FloatArray:
        return scores_of(session, contract, (to_pixels(photo, contract) for photo in photos))

    return score
