"""The images that the quantized model answers otherwise than the float one."""

from dataclasses import dataclass

from edgevision.predictions import Predictions


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one model says of an image."""

    label: int
    """Its top-1 class."""
    probability: float
    """Of that class."""
    probability_of_other: float
    """What it gives to the class that the other model answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """An image with two answers."""

    id: str
    truth: int | None
    """Its label; None when unknown."""
    original: Answer
    quantized: Answer

    @property
    def margin(self) -> float:
        """How much surer the float model was of its answer than of the other one."""
        return self.original.probability - self.original.probability_of_other


def flips_of(original: Predictions, quantized: Predictions) -> tuple[Flip, ...]:
    """Images whose top-1 differs, the float model's surest answers first.

    Raises:
        ValueError: they are not about the same images and classes.
    """
    if original.ids != quantized.ids or original.scores.shape != quantized.scores.shape:
        message = "the two models were not run on the same images, or have other classes"
        raise ValueError(message)
    before, after = original.probabilities(), quantized.probabilities()
    found = []
    for row, (ours, theirs) in enumerate(zip(original.top1, quantized.top1, strict=True)):
        if ours == theirs:
            continue
        found.append(
            Flip(
                id=original.ids[row],
                truth=None if original.labels is None else int(original.labels[row]),
                original=Answer(
                    label=int(ours),
                    probability=float(before[row, ours]),
                    probability_of_other=float(before[row, theirs]),
                ),
                quantized=Answer(
                    label=int(theirs),
                    probability=float(after[row, theirs]),
                    probability_of_other=float(after[row, ours]),
                ),
            )
        )
    return tuple(sorted(found, key=lambda flip: (-flip.margin, flip.id)))
