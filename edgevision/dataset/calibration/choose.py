"""Choose images for a calibration set: seeded, class-balanced, each picture once."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from edgevision.dataset.imageset import ImageSet, Item
from edgevision.errors import ImageSetError, UsageError
from edgevision.progress import Progress, silent
from edgevision.tensors import RgbImage

USUAL_COUNT = 200
"""Images in a calibration set. Ranges hardly change beyond 100 to 500 (docs/calibration.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What was chosen, and what was passed over on the way."""

    items: tuple[Item, ...]
    digests: tuple[str, ...]
    """Stored-content digest of each chosen item."""
    duplicates: tuple[str, ...]
    """Ids left out because the same picture was chosen already."""
    overlapping: tuple[str, ...]
    """Ids left out because the excluded set holds the same picture."""
    unreadable: tuple[str, ...]
    """Why images were left out that cannot be decoded, one sentence each."""


def pixel_digest(image: RgbImage) -> str:
    """Hex SHA-256 of a decoded picture: the same for a PNG and a BMP, with EXIF data or without."""
    return hashlib.sha256(f"{image.shape}".encode() + image.tobytes()).hexdigest()


def choose(
    source: ImageSet,
    *,
    count: int = USUAL_COUNT,
    seed: int = 0,
    exclude: ImageSet | None = None,
    progress: Progress = silent,
) -> Selection:
    """Up to `count` images of `source`, as many from each class as can be had.

    The same seed gives the same images on every machine, whatever the order of the files.
    Pictures that `exclude` (the evaluation set) holds too are never chosen: neither the same
    file nor the same pixels.

    Raises:
        UsageError: count is not positive.
        ImageSetError: no image is left to choose, or `exclude` has one that cannot be read.
    """
    if count < 1:
        raise UsageError(f"a calibration set needs at least one image, got {count}")
    excluded: set[str] = set()
    if exclude is not None:
        for done, item in enumerate(exclude, start=1):
            excluded |= {exclude.digest(item), pixel_digest(exclude.load(item))}
            progress(done, len(exclude), "reading what to exclude")
    items: list[Item] = []
    digests: list[str] = []
    seen: set[str] = set()
    duplicates, overlapping, unreadable = [], [], []
    wanted = min(count, len(source))
    for item in _in_turn(source, seed):
        try:
            stored, pixels = source.digest(item), pixel_digest(source.load(item))
        except ImageSetError as error:
            unreadable.append(str(error))
            continue
        if excluded & {stored, pixels}:
            overlapping.append(item.id)
        elif seen & {stored, pixels}:
            duplicates.append(item.id)
        else:
            seen |= {stored, pixels}
            items.append(item)
            digests.append(stored)
            progress(len(items), wanted, "choosing images")
            if len(items) == wanted:
                break
    if not items:
        message = f"no image of {source.path} can be used"
        raise ImageSetError(message, hint=_why_none(overlapping, unreadable))
    return Selection(
        items=tuple(items),
        digests=tuple(digests),
        duplicates=tuple(duplicates),
        overlapping=tuple(overlapping),
        unreadable=tuple(unreadable),
    )


def _in_turn(source: ImageSet, seed: int) -> Iterator[Item]:
    """All items: one of each class, then another of each, shuffled by `seed`."""
    by_class: defaultdict[int | None, list[Item]] = defaultdict(list)
    for item in source:
        by_class[item.class_index].append(item)
    classes = sorted(by_class, key=lambda label: _rank(seed, f"class {label}"))
    shuffled = (sorted(by_class[label], key=lambda item: _rank(seed, item.id)) for label in classes)
    for round_of_items in zip_longest(*shuffled):
        yield from (item for item in round_of_items if item is not None)


def _rank(seed: int, name: str) -> bytes:
    # A digest rather than a random generator: no library's next version can change the choice.
    return hashlib.sha256(f"{seed}/{name}".encode()).digest()


def _why_none(overlapping: list[str], unreadable: list[str]) -> str:
    if unreadable:
        return unreadable[0]
    return f"all {len(overlapping)} are in the set to exclude: choose from other images"
