"""Open whatever holds images: class folders, a folder with labels.csv, a plain folder, an .npz."""

from collections.abc import Sequence
from pathlib import Path

from edgevision.dataset.classes import ClassNames, find_class_names, read_class_names
from edgevision.dataset.formats.csv_set import open_csv_set
from edgevision.dataset.formats.folder_set import open_class_folders, open_plain_folder
from edgevision.dataset.formats.npz_set import open_npz_set
from edgevision.dataset.formats.walk import list_folder
from edgevision.dataset.imageset import ImageSet
from edgevision.errors import ImageSetError

_LAYOUTS = "a folder per class, a folder with labels.csv, a plain folder, or an .npz with x and y"


def open_image_set(
    path: Path, *, labels: Path | None = None, class_names: Sequence[str] = ()
) -> ImageSet:
    """The image set at `path`, in an order that is the same on every machine.

    Which layout it is: an `.npz` file is arrays; a folder with `labels.csv` is what that lists;
    a folder with images directly in it is plain and unlabelled; otherwise each subfolder is a
    class. Labels are indices into, first of these that is there: the names in `labels`,
    `class_names`, a list called `labels.txt` or `*labels.txt` in the folder or beside it.

    Args:
        path: The folder, the .npz file, or a labels.csv.
        labels: A table of labels (.csv with file,label), or a list of class names (one a line).
        class_names: The model's classes in index order.

    Returns:
        The set, whose images are decoded when they are loaded.

    Raises:
        ImageSetError: nothing there, nothing readable, or labels that do not fit.

    Example:
        >>> from pathlib import Path
        >>> import edgevision as ev
        >>> images = ev.open_image_set(Path("photos"))
        >>> len(images), images.classes
        (36, ('a-red', 'b-green', 'c-blue'))
    """
    if not path.exists():
        raise ImageSetError(f"there is no {path}", hint=f"an image set is {_LAYOUTS}")
    table: Path | None = None
    known = ClassNames(names=tuple(class_names), origin="the model" if class_names else "")
    if labels is not None:
        if labels.suffix.lower() == ".csv":
            table = labels
        else:
            known = ClassNames(names=read_class_names(labels), origin=str(labels))
    if path.is_dir():
        images = _open_folder(path, table, known)
    elif path.suffix.lower() == ".npz":
        if table is not None:
            raise ImageSetError(f"{path} has its own labels: {table} cannot be used with it")
        known = known or find_class_names(path.parent, or_parent=False)
        images = open_npz_set(path, known)
    elif path.suffix.lower() == ".csv" and table is None:
        images = _open_folder(path.parent, path, known)
    else:
        raise ImageSetError(f"{path} is not an image set", hint=f"an image set is {_LAYOUTS}")
    if not images.items:
        raise ImageSetError(_why_empty(path, images.skipped), hint=f"an image set is {_LAYOUTS}")
    return images


def _open_folder(folder: Path, table: Path | None, known: ClassNames) -> ImageSet:
    if table is None and (folder / "labels.csv").is_file():
        table = folder / "labels.csv"
    if table is not None:
        known = known or find_class_names(folder, or_parent=True)
        return open_csv_set(folder, table, known)
    listing = list_folder(folder)
    if listing.images or not listing.folders:
        return open_plain_folder(folder)
    known = known or find_class_names(folder, or_parent=True)
    return open_class_folders(folder, known)


def _why_empty(path: Path, skipped: tuple[str, ...]) -> str:
    if skipped:
        return f"{path} holds no images we can read, only such as {skipped[0]}"
    return f"{path} holds no images"
