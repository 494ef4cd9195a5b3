"""Find a model's preprocessing by measuring it on labelled images, or doubt the one declared.

A model fed pixels in the wrong range or colour order still answers, only worse. So the candidates
are tried, and one is taken only when no other could be meant by these answers.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgevision.errors import ImageSetError, UsageError
from edgevision.preprocess.declared import Preprocessing
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.normalize import normalize
from edgevision.preprocess.presets import PRESETS
from edgevision.progress import Progress, silent
from edgevision.tensors import FloatArray

Score = Callable[[ImagePreprocessing], FloatArray]
"""(images, classes) scores of the float model under a preprocessing; always the same images."""

CLEAR = 0.05
"""Two preprocessings differ clearly when chance alone would do it in fewer than 1 of 20 cases."""

DOUBTFUL = 0.01
"""A declaration is doubted on stronger evidence: of a dozen rivals, one may look better by luck."""

ALIKE = 0.01
"""Input values that differ by less than this share of their range mean the same to a model:
(x - 127) / 128 is x / 127.5 - 1 but for 0.4 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreprocessingTrial:
    """What the float model scored under one preprocessing."""

    name: str
    preprocessing: ImagePreprocessing
    correct: NDArray[np.bool_]
    """(images,) whether the top-1 is the label."""
    scores: FloatArray

    @property
    def accuracy(self) -> float:
        """Top-1 accuracy, 0 to 1."""
        return float(self.correct.mean())

    def __str__(self) -> str:
        return f"{self.name} {100 * self.accuracy:.1f} %"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreprocessingChoice:
    """What `--preprocess auto` chose, and all it was chosen from."""

    winner: PreprocessingTrial
    trials: tuple[PreprocessingTrial, ...]

    @property
    def next_best(self) -> PreprocessingTrial | None:
        """The best of those that mean something else; None when there are none."""
        rivals = [trial for trial in self.trials if not _same_meaning(self.winner, trial)]
        return max(rivals, key=lambda trial: trial.accuracy, default=None)

    def __str__(self) -> str:
        second = "" if self.next_best is None else f"; next {self.next_best}"
        return f"auto chose {self.winner.name} ({100 * self.winner.accuracy:.1f} % top-1{second})"


def candidates(
    *, width: int, height: int, channels: int, declared: Preprocessing | None = None
) -> tuple[tuple[str, ImagePreprocessing], ...]:
    """`(name, preprocessing)` of each preset in each colour order, best known first.

    `declared` holds what the user fixed, such as the fit; it is kept in all.
    """
    fixed = declared or Preprocessing()
    found: list[tuple[str, ImagePreprocessing]] = []
    for name, preset in PRESETS.items():
        if channels == 1 and len(preset.mean) > 1:
            continue
        usual = fixed.over(Preprocessing(preset=name))
        preprocessing = usual.preprocessing(width=width, height=height, channels=channels)
        found.append((name, preprocessing))
        if channels == 3 and fixed.color is None:
            other = "rgb" if preset.color == "bgr" else "bgr"
            swapped = Preprocessing(color="rgb" if other == "rgb" else "bgr").over(usual)
            preprocessing = swapped.preprocessing(width=width, height=height, channels=channels)
            found.append((f"{name} {other}", preprocessing))
    return tuple(found)


def run_trials(
    preprocessings: Sequence[tuple[str, ImagePreprocessing]],
    score: Score,
    labels: NDArray[np.int64],
    *,
    progress: Progress = silent,
) -> tuple[PreprocessingTrial, ...]:
    """A trial of each preprocessing, in the order given.

    Raises:
        UsageError: there are no labels.
        ImageSetError: a label is none of the model's classes.
    """
    if not len(labels):
        raise UsageError("--preprocess auto needs labelled images", hint=_DECLARE)
    trials = []
    for done, (name, preprocessing) in enumerate(preprocessings, start=1):
        scores = score(preprocessing)
        if int(labels.max()) >= scores.shape[1]:
            message = f"label {labels.max()} is none of the model's {scores.shape[1]} classes"
            raise ImageSetError(message, hint="labels are indices into the model's outputs")
        correct = scores.argmax(axis=1) == labels
        trials.append(
            PreprocessingTrial(
                name=name, preprocessing=preprocessing, correct=correct, scores=scores
            )
        )
        progress(done, len(preprocessings), "trying preprocessing")
    return tuple(trials)


def clear_winner(trials: Sequence[PreprocessingTrial]) -> PreprocessingTrial:
    """The trial that is clearly better than every other that means something else.

    Raises:
        UsageError: none is; all scores are listed, best first.
    """
    ranking = sorted(trials, key=lambda trial: -trial.accuracy)
    best = ranking[0]
    if _is_near_chance(best):
        raise _no_winner(ranking, f"{best} is no better than chance")
    for other in ranking[1:]:
        if not _same_meaning(best, other) and not _is_clearly_better(best, other):
            raise _no_winner(
                ranking, f"{best} and {other} cannot be told apart on {len(best.correct)} images"
            )
    # Among those that mean the same, the one listed first is the one in common use.
    return next(trial for trial in trials if trial is best or _same_meaning(best, trial))


def misdeclaration(chosen: PreprocessingTrial, others: Sequence[PreprocessingTrial]) -> str | None:
    """A sentence when `chosen` looks wrong, with the figures; None when nothing speaks against it.

    It looks wrong when it is no better than chance, or when another is clearly better.
    """
    better = [trial for trial in others if _is_clearly_better(trial, chosen, level=DOUBTFUL)]
    count = len(chosen.correct)
    if better:
        best = max(better, key=lambda trial: trial.accuracy)
        return (
            f"on {count} labelled images the float model scores {100 * chosen.accuracy:.1f} % "
            f"with the preprocessing chosen ({chosen.name}), "
            f"and {100 * best.accuracy:.1f} % with {best.name}"
        )
    if _is_near_chance(chosen):
        classes = chosen.scores.shape[1]
        return (
            f"on {count} labelled images the float model scores {100 * chosen.accuracy:.1f} % "
            f"with {chosen.name}, and guessing among {classes} classes {100 / classes:.1f} %: "
            "the preprocessing, the labels or their order are wrong"
        )
    return None


def _same_meaning(one: PreprocessingTrial, other: PreprocessingTrial) -> bool:
    """Whether a model cannot tell the two apart: by their values, or on these images."""
    # Grey pictures are the same in rgb and bgr; then so is every score.
    if np.array_equal(one.scores, other.scores):
        return True
    if one.preprocessing.color != other.preprocessing.color:
        return False
    ends = [np.full((1, 1, trial.preprocessing.channels), 255, np.uint8) for trial in (one, other)]
    low = [
        normalize(0 * end, trial.preprocessing)
        for end, trial in zip(ends, (one, other), strict=True)
    ]
    high = [
        normalize(end, trial.preprocessing) for end, trial in zip(ends, (one, other), strict=True)
    ]
    gap = np.maximum(np.abs(low[0] - low[1]), np.abs(high[0] - high[1]))
    return bool((gap < ALIKE * (high[0] - low[0])).all())


def _is_clearly_better(
    one: PreprocessingTrial, other: PreprocessingTrial, *, level: float = CLEAR
) -> bool:
    """McNemar's exact test, one-sided: only images on which the two differ can tell.

    Source: McNemar 1947, Psychometrika 12(2).
    """
    gained = int((one.correct & ~other.correct).sum())
    lost = int((other.correct & ~one.correct).sum())
    return gained > lost and _tail(gained, gained + lost, 0.5) < level


def _is_near_chance(trial: PreprocessingTrial) -> bool:
    hits, count = int(trial.correct.sum()), len(trial.correct)
    return _tail(hits, count, 1 / trial.scores.shape[1]) >= CLEAR


def _tail(hits: int, count: int, share: float) -> float:
    """Probability of `hits` or more successes in `count` draws that succeed with `share`."""
    if share >= 1:
        return 1.0
    return math.fsum(_terms(hits, count, share))


def _terms(hits: int, count: int, share: float) -> Iterator[float]:
    # In logarithms: the binomial coefficients of some thousand images overflow a float.
    for k in range(hits, count + 1):
        ways = math.lgamma(count + 1) - math.lgamma(k + 1) - math.lgamma(count - k + 1)
        yield math.exp(ways + k * math.log(share) + (count - k) * math.log1p(-share))


_DECLARE = "say how the model was trained: --preprocess NAME, or --mean and --std"


def _no_winner(ranking: Sequence[PreprocessingTrial], reason: str) -> UsageError:
    listed = ", ".join(str(trial) for trial in ranking)
    return UsageError(
        f"no preprocessing is the clear winner: {reason}; scores: {listed}", hint=_DECLARE
    )
