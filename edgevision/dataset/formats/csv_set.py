"""A folder of images with a `labels.csv`: one row a file, its label an index or a class name."""

import csv
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from edgevision.dataset.annotation import ClassLabel
from edgevision.dataset.classes import ClassNames, label_of
from edgevision.dataset.decode import IMAGE_SUFFIXES
from edgevision.dataset.imageset import ImageSet, Item, set_of_files
from edgevision.errors import ImageSetError

MAX_TABLE_BYTES = 256 << 20
"""Largest labels.csv read: some millions of rows."""


def open_csv_set(folder: Path, table: Path, known: ClassNames) -> ImageSet:
    """The images that `table` lists, in its order; files are relative to `folder`.

    Labels that are names, when none are known, are numbered in sorted order, as class folders
    are.

    Raises:
        ImageSetError: naming the row: a missing or doubled file, a path outside the folder, a
            label that is no class.
    """
    rows = list(read_table(table))
    texts = {label for _, _, label in rows}
    if not known and not all(text.isascii() and text.isdecimal() for text in texts):
        known = ClassNames(names=tuple(sorted(texts)), origin=str(table))
    items: list[Item] = []
    seen: dict[str, int] = {}
    for number, file, label in rows:
        where = f"{table} row {number}"
        name = safe_name(file, where)
        if name in seen:
            message = f"{where} lists {name} again (first in row {seen[name]})"
            raise ImageSetError(message, hint="one row a file")
        seen[name] = number
        if not (folder / name).is_file():
            message = f"{where}: there is no file {folder / name}"
            raise ImageSetError(message, hint="paths are relative to the image folder")
        items.append(Item(name, ClassLabel(label_of(label, known, where=where))))
    return set_of_files(folder, items, classes=known.names)


def read_table(table: Path) -> Iterator[tuple[int, str, str]]:
    """`(row number as an editor counts lines, file, label)` of each row with content.

    Raises:
        ImageSetError: unreadable, not CSV, or without the columns file and label.
    """
    try:
        if table.stat().st_size > MAX_TABLE_BYTES:
            raise ImageSetError(f"{table} is too large for a list of labels")
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [cell.strip().lower() for cell in next(reader, [])]
            if "file" not in header or "label" not in header:
                message = f"{table} does not begin with the line file,label"
                raise ImageSetError(message, hint="first line: file,label; then one row an image")
            columns = header.index("file"), header.index("label")
            for row in reader:
                if not any(cell.strip() for cell in row):
                    continue
                if len(row) <= max(columns):
                    message = f"{table} row {reader.line_num} has too few columns"
                    raise ImageSetError(message, hint="every row is file,label")
                yield reader.line_num, row[columns[0]].strip(), row[columns[1]].strip()
    except OSError as error:
        message = f"cannot read {table}: {error.strerror}"
        raise ImageSetError(message, hint="check the path and its rights") from error
    except (UnicodeDecodeError, csv.Error) as error:
        message = f"{table} is not a CSV file in UTF-8: {error}"
        raise ImageSetError(message, hint="save it as UTF-8, first line file,label") from error


def safe_name(file: str, where: str) -> str:
    """`file` as a path inside the image folder; `where` begins the error.

    Raises:
        ImageSetError: it leads out of the folder, or is no image by its ending.
    """
    path = PurePosixPath(file)
    if not file or "\\" in file or "\0" in file:
        message = f"{where}: {file!r} is not a file name"
        raise ImageSetError(message, hint="write paths with /, relative to the image folder")
    if path.is_absolute() or ".." in path.parts:
        message = f"{where}: {file} leads out of the image folder"
        raise ImageSetError(message, hint="write paths relative to the image folder, without ..")
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        message = f"{where}: {file} has none of the endings we read"
        raise ImageSetError(message, hint="known: " + " ".join(sorted(IMAGE_SUFFIXES)))
    return str(path)
