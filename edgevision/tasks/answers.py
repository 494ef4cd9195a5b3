"""What one model said about an image set: stacked, so that tasks compute on whole arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from edgevision.dataset.annotation import Annotation
from edgevision.errors import ImageSetError
from edgevision.tasks.interface import Condensed, FrameSize

Truth = TypeVar("Truth", bound=Annotation)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """What a task kept of one model's outputs on every image of a set, and the truth.

    Made by `evaluation.collect`. Nothing is decoded in advance: `task.decode(answers.row(i),
    answers.frames[i])` decodes image i.
    """

    ids: tuple[str, ...]
    """Item ids, in the set's order."""
    frames: tuple[FrameSize, ...]
    """Size of each picture."""
    condensed: Condensed
    """Each array (images, ...)."""
    truth: tuple[Annotation, ...] | None = None
    """One an image; None for a set without annotations, or with them on some images only."""
    class_names: tuple[str, ...] = ()
    """Of the classes that the truth counts, as the image set names them; empty without names."""

    def __post_init__(self) -> None:
        count = len(self.ids)
        lengths = [len(self.frames), *(len(array) for array in self.condensed)]
        if self.truth is not None:
            lengths.append(len(self.truth))
        if any(length != count for length in lengths):
            message = f"frames, outputs and truth of {lengths} images do not fit {count} ids"
            raise ValueError(message)

    def __len__(self) -> int:
        """Number of images."""
        return len(self.ids)

    def row(self, index: int) -> Condensed:
        """What is kept of image `index`, for `Task.decode`."""
        return Condensed(tuple(array[index] for array in self.condensed))

    def truth_as(self, form: type[Truth]) -> tuple[Truth, ...]:
        """The truth of every image, which must be of this form.

        Raises:
            ImageSetError: there is none, or it has another form.
        """
        if self.truth is None:
            message = "these images have no labels, so there is nothing to be right about"
            raise ImageSetError(
                message, hint="one folder a class, or a labels.csv; or --against another model"
            )
        found: list[Truth] = []
        for id_, one in zip(self.ids, self.truth, strict=True):
            if not isinstance(one, form):
                message = f"{id_} is annotated with {type(one).__name__}, not {form.__name__}"
                raise ImageSetError(message, hint="this task needs another kind of labels")
            found.append(one)
        return tuple(found)


def check_same_images(ours: Answers, reference: Answers) -> None:
    """Pass two models' answers to the same images, of the same shapes.

    Raises:
        ValueError: they are not.
    """
    if ours.ids != reference.ids:
        message = "the two models were not run on the same images"
        raise ValueError(message)
    shapes = [_shapes(one.condensed) for one in (ours, reference)]
    if shapes[0] != shapes[1]:
        one, other = (_listed(shape) for shape in shapes)
        message = f"one model answers with {one}, the other with {other}"
        raise ValueError(message)


def _shapes(condensed: Condensed) -> list[tuple[int, ...]]:
    return [array.shape[1:] for array in condensed]


def _listed(shapes: Sequence[tuple[int, ...]]) -> str:
    return ", ".join("x".join(map(str, shape)) or "1" for shape in shapes) + " values"
