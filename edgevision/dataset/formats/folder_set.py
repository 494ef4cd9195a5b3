"""Folders of images: one folder per class, or one plain folder without labels."""

from collections.abc import Sequence
from pathlib import Path

from edgevision.dataset.annotation import ClassLabel
from edgevision.dataset.classes import ClassNames, did_you_mean
from edgevision.dataset.formats.walk import find_images, list_folder
from edgevision.dataset.imageset import ImageSet, Item, set_of_files
from edgevision.errors import ImageSetError

SPLIT_NAMES = frozenset(
    {"train", "training", "val", "valid", "validation", "dev", "test", "testing", "calibration"}
    | {"evaluation", "eval"}
)
"""Folders of these names are parts of a data set, not classes."""


def open_plain_folder(folder: Path) -> ImageSet:
    """The images directly in `folder`, sorted by name, without labels.

    Raises:
        ImageSetError: a subfolder holds images too, so that it is unclear what is meant.
    """
    listing = list_folder(folder)
    for name in listing.folders:
        if find_images(folder / name)[0]:
            message = f"{folder} holds images beside the folder {name}/, which holds images too"
            raise ImageSetError(
                message,
                hint="keep images only in class folders, or only in the folder itself",
            )
    items = (Item(name) for name in listing.images)
    return set_of_files(folder, items, skipped=listing.unreadable)


def open_class_folders(folder: Path, known: ClassNames) -> ImageSet:
    """The images in and below each subfolder of `folder`, which is their class.

    With known classes, a folder is the class of its name. Without, folders sorted by name are
    classes 0, 1, ... as in `keras.utils.image_dataset_from_directory`; an empty folder counts, so
    that a test split which lacks a class keeps the indices of the training split.

    Raises:
        ImageSetError: there are no images, or a folder is no class.
    """
    listing = list_folder(folder)
    _refuse_splits(folder, listing.folders)
    indices = _class_indices(folder, listing.folders, known)
    items: list[Item] = []
    skipped: list[str] = []
    for name in listing.folders:
        images, unreadable = find_images(folder / name)
        if not images and not unreadable and _has_files(folder / name):
            message = f"{folder / name} holds files but no images, so it is no class"
            raise ImageSetError(message, hint="move it elsewhere: every subfolder is a class")
        items += [Item(f"{name}/{image}", ClassLabel(indices[name])) for image in images]
        skipped += [f"{name}/{picture}" for picture in unreadable]
    return set_of_files(
        folder, items, classes=known.names or listing.folders, skipped=tuple(skipped)
    )


def _class_indices(folder: Path, folders: Sequence[str], known: ClassNames) -> dict[str, int]:
    names = known.names
    # ImageNet's folders are called n01440764 and its classes "tench": the same order, other words.
    is_in_order = len(folders) == len(names) and not set(folders) & set(names)
    if not names or is_in_order:
        return {name: index for index, name in enumerate(folders)}
    for name in folders:
        if name not in names:
            message = f"{folder / name} is none of the {known}"
            raise ImageSetError(message, hint=did_you_mean(name, names))
        if names.count(name) > 1:
            message = f"{folder / name}: several of the {known} are called {name!r}"
            raise ImageSetError(message, hint="use a labels.csv with class indices")
    return {name: names.index(name) for name in folders}


def _refuse_splits(folder: Path, folders: Sequence[str]) -> None:
    splits = [name for name in folders if name.lower() in SPLIT_NAMES]
    if folders and splits == list(folders):
        message = f"{folder} holds parts of a data set ({', '.join(splits)}), not classes"
        raise ImageSetError(message, hint=f"name one of them: {folder / splits[0]}")
    for name in folders:
        if (folder / name / "labels.csv").is_file():
            message = f"{folder / name} is an image set of its own (it has a labels.csv)"
            raise ImageSetError(message, hint=f"name it: {folder / name}")


def _has_files(folder: Path) -> bool:
    listing = list_folder(folder)
    return bool(listing.others) or any(_has_files(folder / name) for name in listing.folders)
