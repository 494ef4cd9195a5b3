"""`build_calibration_set`: choose the photos that int8 ranges are measured on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgevision.api.arguments.images import image_set
from edgevision.api.arguments.messages import Messages, Notify, unheard
from edgevision.api.arguments.preprocessing import (
    PreprocessingLike,
    declared_preprocessing,
)
from edgevision.api.html import card
from edgevision.dataset.calibration.calibration_set import (
    SET_FILE,
    CalibrationSet,
    read_set,
    write_set,
)
from edgevision.dataset.calibration.choose import USUAL_COUNT, Selection, choose
from edgevision.dataset.formats.open_set import open_image_set
from edgevision.files import refuse_to_replace
from edgevision.preprocess.declared import Preprocessing
from edgevision.progress import Progress, silent


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltSet:
    """A calibration set as it was written, and what was passed over."""

    file: Path
    """set.toml."""
    calibration: CalibrationSet
    selection: Selection
    preprocessing: Preprocessing
    """What the set says of it; says nothing where nothing was declared."""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def classes(self) -> int:
        """How many classes have an image in it; 0 for unlabelled images."""
        return len({item.class_index for item in self.calibration.images} - {None})

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON values: what `edgevision calibration build --json` prints."""
        made = self.calibration
        return {
            "set": str(self.file),
            "source": str(made.images.path),
            "images": len(made.images),
            "classes": self.classes,
            "seed": made.seed,
            "manifest_sha256": made.digest,
            "duplicates": list(self.selection.duplicates),
            "overlapping": list(self.selection.overlapping),
            "unreadable": list(self.selection.unreadable),
        }

    def _repr_html_(self) -> str:
        row = (str(self.file), str(len(self.calibration.images)), str(self.classes))
        header = ("calibration set", "images", "classes")
        return card("", (header, [row]), remarks=self.notes, warnings=self.warnings)


def build_calibration_set(
    source: str | Path,
    *,
    count: int = USUAL_COUNT,
    seed: int = 0,
    evaluation: str | Path | None = None,
    labels: str | Path | None = None,
    split: str = "",
    preprocessing: PreprocessingLike | None = None,
    output: str | Path = "calibration",
    overwrite: bool = False,
    progress: Progress = silent,
    notify: Notify = unheard,
) -> BuiltSet:
    """Choose calibration images: seeded, as many of each class, every picture once.

    Writes set.toml and manifest.csv (with digests); the images stay where they are.

    Args:
        source: path of the images to choose from.
        count: how many.
        seed: another seed, another choice.
        evaluation: path of images to keep out: the evaluation set.
        labels: labels.csv (file,label), or class names one a line.
        split: what part of the data this is, such as "train".
        preprocessing: how the model wants its pixels; the set then says it.
        output: folder for set.toml and manifest.csv.
        overwrite: replace the set there.
        progress: told of images read.
        notify: told of notes and warnings as they come; the result has them too.

    Returns:
        The set, which `optimize` and `quantize` take as `calibration`.

    Raises:
        UsageError: a set is there, or `count` is not positive.
        ImageSetError: no image can be chosen.

    Example:
        >>> import edgevision as ev
        >>> built = ev.build_calibration_set("photos/", evaluation="held-out/", count=12,
        ...                                  preprocessing="unit", output="my-set")
        >>> len(built.calibration.images), built.classes
        (12, 3)
    """
    messages = Messages(notify=notify)
    folder = Path(output)
    refuse_to_replace(folder / SET_FILE, overwrite=overwrite)
    declared = declared_preprocessing(preprocessing)
    for sentence in declared.notes():
        messages.note(sentence)
    images = image_set(str(source), messages, labels=labels)
    kept_out = None if evaluation is None else Path(evaluation)
    excluded = None if kept_out is None else open_image_set(kept_out)
    chosen = choose(images, count=count, seed=seed, exclude=excluded, progress=progress)
    path = write_set(
        folder,
        images,
        chosen,
        seed=seed,
        split=split,
        preprocessing=None if declared == Preprocessing() else declared,
        evaluation=kept_out,
        overwrite=overwrite,
    )
    for sentence in chosen.unreadable:
        messages.warn(f"left out: {sentence}")
    if len(chosen.items) < count:
        messages.note(f"{len(chosen.items)} images are all there is; {count} were asked for")
    if not declared.is_complete:
        messages.note(
            "the set does not say how the model wants its pixels; "
            "edgevision optimize will ask for --preprocess"
        )
    return BuiltSet(
        file=path,
        calibration=read_set(folder),
        selection=chosen,
        preprocessing=declared,
        notes=tuple(messages.notes),
        warnings=tuple(messages.warnings),
    )
