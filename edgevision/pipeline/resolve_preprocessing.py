"""Settling the contract: what was said, checked against labelled images; or what measures best."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgevision.dataset.imageset import ImageSet, Item
from edgevision.errors import UsageError
from edgevision.preprocess.auto import (
    Choice,
    Trial,
    candidates,
    clear_winner,
    doubt,
    run_trials,
)
from edgevision.preprocess.declared import Preprocessing
from edgevision.preprocess.image_preprocessing import Contract
from edgevision.preprocess.pixels import to_pixels
from edgevision.progress import Progress, silent
from edgevision.runtime.predict import scores_of
from edgevision.runtime.session import Session
from edgevision.tensors import FloatArray, Pixels

TRIAL_IMAGES = 60
"""Images on which a declared preprocessing is doubted; enough to see 20 points, quick to run."""

AUTO_IMAGES = 200
"""Images on which `--preprocess auto` chooses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How the float model wants its pixels, and why we think so."""

    contract: Contract
    choice: Choice | None = None
    """What `--preprocess auto` measured; None when it was declared."""
    doubt: str | None = None
    """A warning when what was declared looks wrong."""


def settle(
    session: Session,
    said: Preprocessing | None,
    labelled: ImageSet | None,
    *,
    progress: Progress = silent,
) -> Settled:
    """The contract of the float model: what was said, or what measures best.

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
        trials = _Photos(session, labelled, AUTO_IMAGES, trying[0][1]).trials(trying, progress)
        choice = Choice(winner=clear_winner(trials), trials=trials)
        return Settled(contract=choice.winner.contract, choice=choice)
    contract = said.contract(width=width, height=height, channels=channels)
    if labelled is None:
        return Settled(contract=contract)
    chosen_name = said.preset or "the numbers given"
    photos = _Photos(session, labelled, TRIAL_IMAGES, contract)
    (chosen,) = photos.trials([(chosen_name, contract)], progress)
    others = [(name, other) for name, other in trying if other != contract]
    rivals = photos.rivals(chosen, others, progress)
    return Settled(contract=contract, doubt=doubt(chosen, rivals))


LEAST_GAIN = 7
"""Fewer images than this, all won, are no clear difference: 0.5^6 is above the 1 % of `doubt`."""


class _Photos:
    """Labelled photos at the model's size, on which contracts of one fit are tried."""

    def __init__(
        self, session: Session, labelled: ImageSet, limit: int, contract: Contract
    ) -> None:
        """Decode at most `limit` photos, fitted as `contract` says."""
        chosen = spread(labelled.items, limit)
        # The candidates differ in colour order and normalization, not in fit: so the small
        # pixels are kept, not the photos, which may have megabytes each.
        plain = replace(contract, color="gray" if contract.color == "gray" else "rgb")
        self._session = session
        self._pixels = [to_pixels(labelled.load(item), plain) for item in chosen]
        self._labels = np.array([item.label for item in chosen], np.int64)

    def trials(
        self, contracts: Sequence[tuple[str, Contract]], progress: Progress
    ) -> tuple[Trial, ...]:
        """A trial of each contract on all photos."""
        return run_trials(contracts, self._scorer(self._pixels), self._labels, progress=progress)

    def rivals(
        self, chosen: Trial, contracts: Sequence[tuple[str, Contract]], progress: Progress
    ) -> tuple[Trial, ...]:
        """Trials of those contracts that could be clearly better than `chosen`.

        Only where `chosen` is wrong can another win. So the others are first tried on those few
        photos, and on all of them only when they win enough there.
        """
        missed = np.flatnonzero(~chosen.correct)
        if len(missed) < LEAST_GAIN:
            return ()
        score = self._scorer([self._pixels[index] for index in missed])
        first = run_trials(contracts, score, self._labels[missed], progress=progress)
        strong = {trial.name for trial in first if trial.correct.sum() >= LEAST_GAIN}
        return self.trials([pair for pair in contracts if pair[0] in strong], progress)

    def _scorer(self, pixels: list[Pixels]) -> Callable[[Contract], FloatArray]:
        def score(contract: Contract) -> FloatArray:
            ordered = (one[..., ::-1] if contract.color == "bgr" else one for one in pixels)
            return scores_of(self._session, contract, ordered)

        return score


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


def spread(items: tuple[Item, ...], limit: int) -> tuple[Item, ...]:
    """At most `limit` items at even distances: sets sorted by class keep all their classes."""
    if len(items) <= limit:
        return items
    steps = np.linspace(0, len(items) - 1, limit).round().astype(int)
    return tuple(items[step] for step in steps)
