"""The images of a calibration set, pinned by their digests: `manifest.csv` and the set it opens."""

import csv
import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

from edgevision.dataset.annotation import ClassLabel
from edgevision.dataset.calibration.choose import Selection
from edgevision.dataset.classes import ClassNames
from edgevision.dataset.decode import decode_bytes
from edgevision.dataset.formats.csv_set import safe_name
from edgevision.dataset.formats.npz_set import open_npz_set
from edgevision.dataset.imageset import ImageSet, Item
from edgevision.errors import ImageSetError
from edgevision.tensors import RgbImage

BUILD_AGAIN = "make the set again: edgevision calibration build PHOTOS --overwrite"

_HEADER = ["file", "label", "sha256"]


def manifest_text(selection: Selection) -> str:
    """The manifest of the chosen images: file,label,sha256; the label is empty when unknown."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    for item, digest in zip(selection.items, selection.digests, strict=True):
        index = item.class_index
        writer.writerow((item.id, "" if index is None else index, digest))
    return text.getvalue()


def read_manifest(content: bytes, path: Path, *, is_npz: bool) -> Mapping[Item, str]:
    """Digest by item, in the order of the manifest; `path` is named in errors.

    Raises:
        ImageSetError: naming the row that is damaged, doubled or leads out of the image folder.
    """
    pinned: dict[Item, str] = {}
    rows = csv.reader(io.StringIO(content.decode(errors="replace")), strict=True)
    try:
        if next(rows, None) != _HEADER:
            message = f"{path} does not begin with {','.join(_HEADER)}"
            raise ImageSetError(message, hint=BUILD_AGAIN)
        for name, label, digest in rows:
            where = f"{path} row {rows.line_num}"
            belongs = name.rpartition("#")[2].isdecimal() if is_npz else True
            if not belongs or (not is_npz and safe_name(name, where) != name):
                raise ImageSetError(f"{where}: {name} does not belong there", hint=BUILD_AGAIN)
            pinned[Item(name, ClassLabel(int(label)) if label else None)] = digest
    except (csv.Error, ValueError) as error:
        if isinstance(error, ImageSetError):
            raise
        message = f"{path} row {rows.line_num} is damaged: {error}"
        raise ImageSetError(message, hint=BUILD_AGAIN) from error
    return pinned


def open_pinned(source: Path, pinned: Mapping[Item, str], classes: tuple[str, ...]) -> ImageSet:
    """The set of exactly these items, which refuses to load what is not as it was.

    Raises:
        ImageSetError: now, when rows of an .npz are gone; on loading, when an image was changed.
    """
    if source.suffix.lower() == ".npz":
        return _pinned_rows(source, pinned, classes)

    def content_of(item: Item) -> bytes:
        try:
            return (source / item.id).read_bytes()
        except OSError as error:
            message = f"cannot read {source / item.id}: {error.strerror}"
            raise ImageSetError(message, hint=BUILD_AGAIN) from error

    def load(item: Item) -> RgbImage:
        # Read once: what was checked is what is decoded.
        content = content_of(item)
        _check(hashlib.sha256(content).hexdigest(), pinned[item], str(source / item.id))
        return decode_bytes(content, str(source / item.id))

    return ImageSet(
        path=source,
        items=tuple(pinned),
        classes=classes,
        load=load,
        digest=lambda item: hashlib.sha256(content_of(item)).hexdigest(),
    )


def _pinned_rows(source: Path, pinned: Mapping[Item, str], classes: tuple[str, ...]) -> ImageSet:
    rows = open_npz_set(source, ClassNames(names=classes, origin="the set"))
    present = {item.id for item in rows}
    for item in pinned:
        if item.id not in present:
            raise ImageSetError(f"{source} has no row {item.id} any more", hint=BUILD_AGAIN)

    def load(item: Item) -> RgbImage:
        _check(rows.digest(item), pinned[item], item.id)
        return rows.load(item)

    return ImageSet(
        path=source, items=tuple(pinned), classes=classes, load=load, digest=rows.digest
    )


def _check(found: str, expected: str, name: str) -> None:
    if found != expected:
        message = f"{name} was changed since the calibration set was made"
        raise ImageSetError(message, hint=BUILD_AGAIN)
