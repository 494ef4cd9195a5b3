"""An image set: images in a fixed order, annotated where that is known; pixels on demand."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from edgevision.dataset.annotation import Annotation, ClassLabel
from edgevision.dataset.decode import decode_image
from edgevision.errors import ImageSetError
from edgevision.files import sha256_of
from edgevision.tensors import RgbImage


@dataclass(frozen=True, slots=True)
class Item:
    """One image of a set."""

    id: str
    """Path relative to the set's folder, or "file.npz#12" for row 12 of an array."""
    annotation: Annotation | None = None
    """What is true of it; None when nobody said."""

    @property
    def class_index(self) -> int | None:
        """Of the one class that it shows, into the set's classes; None without such a label."""
        return self.annotation.index if isinstance(self.annotation, ClassLabel) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSet:
    """Images in a fixed order; `load` decodes one, and nothing is kept in memory."""

    path: Path
    items: tuple[Item, ...]
    classes: tuple[str, ...]
    """Class names by index; empty for an unlabelled set, or when labels come without names."""
    load: Callable[[Item], RgbImage] = field(repr=False)
    """Upright RGB pixels of one item; raises ImageSetError naming the image."""
    digest: Callable[[Item], str] = field(repr=False)
    """Hex SHA-256 of the item's stored content, to find duplicates and to pin a set."""
    skipped: tuple[str, ...] = ()
    """Files in the folder that look like pictures of a kind we cannot read (.heic, .gif, ...)."""

    def __len__(self) -> int:
        """Number of images."""
        return len(self.items)

    def __iter__(self) -> Iterator[Item]:
        """The items in order."""
        return iter(self.items)

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.path.name or self.path.resolve().name

    @property
    def is_labelled(self) -> bool:
        """Whether every image is annotated."""
        return bool(self.items) and all(item.annotation is not None for item in self.items)

    @property
    def class_indices(self) -> tuple[int, ...] | None:
        """The class of each image; None unless every image shows one that is known."""
        indices = tuple(
            item.annotation.index for item in self.items if isinstance(item.annotation, ClassLabel)
        )
        return indices if self.items and len(indices) == len(self.items) else None


def set_of_files(
    folder: Path,
    items: Iterable[Item],
    *,
    classes: tuple[str, ...] = (),
    skipped: tuple[str, ...] = (),
) -> ImageSet:
    """The set whose item ids are image files, relative to `folder`."""

    def digest(item: Item) -> str:
        try:
            return sha256_of(folder / item.id)
        except OSError as error:
            message = f"cannot read {folder / item.id}: {error.strerror}"
            raise ImageSetError(message, hint="check the path and its rights") from error

    return ImageSet(
        path=folder,
        items=tuple(items),
        classes=classes,
        load=lambda item: decode_image(folder / item.id),
        digest=digest,
        skipped=skipped,
    )
