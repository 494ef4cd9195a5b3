"""Decoded answers: what a model says about one picture, ready to be printed, logged or drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from edgevision.tasks.interface import FrameSize
from edgevision.tensors import RgbImage


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledItem:
    """One label with its score; with a place in the picture when the model finds objects."""

    index: int
    """The class, as the model counts."""
    label: str
    score: float
    """0..1."""
    xyxy: tuple[float, float, float, float] | None = None
    """Left, top, right, bottom in pixels of the frame; None from a classifier."""

    def __str__(self) -> str:
        """For people: "tabby 0.91"."""
        return f"{self.label} {self.score:.2f}"

    def to_dict(self) -> dict[str, Any]:
        """The item as plain JSON values."""
        values: dict[str, Any] = {
            "index": self.index,
            "label": self.label,
            "score": round(self.score, 4),
        }
        if self.xyxy is not None:
            values["xyxy"] = [round(side, 1) for side in self.xyxy]
        return values


class Answer(Protocol):
    """What a model says about one picture; a frozen value that any thread may read."""

    @property
    def frame(self) -> FrameSize:
        """Size of the picture that it is about; places in it are pixels of that."""

    @property
    def items(self) -> tuple[LabelledItem, ...]:
        """Labels with scores, best first: for smoothing, hysteresis and saving by label or doubt.

        Empty from a task whose answers are no labels, and when nothing reached the threshold.
        """

    @property
    def lines(self) -> tuple[str, ...]:
        """The answer in short lines of text, what matters most first: for a terminal."""

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain JSON values: keys of a result's line, {"answers": [...]}."""

    def draw(self, picture: RgbImage, notes: Sequence[str] = ()) -> RgbImage:
        """A copy of `picture` with the answer drawn on it.

        Args:
            picture: what the answer is about, at any scale: places are scaled from `frame` to it.
            notes: lines to write beneath the answer's own.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledItems:
    """What all answers that are labels with scores have in common: everything but the drawing."""

    frame: FrameSize
    items: tuple[LabelledItem, ...]
    """Best first; at or above the threshold."""

    @property
    def lines(self) -> tuple[str, ...]:
        """Each item's label and score."""
        return tuple(map(str, self.items))

    def to_dict(self) -> dict[str, Any]:
        """{"answers": [{"index", "label", "score"}]}, best first; with "xyxy" where it is known."""
        return {"answers": [item.to_dict() for item in self.items]}
