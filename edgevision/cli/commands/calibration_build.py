"""`edgevision calibration build`: choose the photos that int8 ranges are measured on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgevision.cli import console
from edgevision.cli.options import common as options
from edgevision.cli.options.groups import spread_groups
from edgevision.cli.options.preprocessing import PreprocessingOptions

if TYPE_CHECKING:
    from edgevision.dataset.calibration.calibration_set import CalibrationSet
    from edgevision.dataset.calibration.choose import Selection
    from edgevision.preprocess.declared import Preprocessing


@spread_groups
def build(
    source: Annotated[
        Path,
        typer.Argument(
            help="Images to choose from: class folders, a folder (with labels.csv), or .npz.",
            show_default=False,
        ),
    ],
    *,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for set.toml and manifest.csv.")
    ] = Path("calibration"),
    count: Annotated[int, typer.Option("--count", help="How many images to choose.")] = 200,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another choice.")] = 0,
    evaluation: Annotated[
        Path | None,
        typer.Option(
            "--eval",
            help="Images to keep out: the evaluation set.",
            show_default=False,
        ),
    ] = None,
    labels: options.Labels = None,
    split: Annotated[
        str,
        typer.Option(
            "--split", help="What part of the data this is, such as train.", show_default=False
        ),
    ] = "",
    preprocessing: PreprocessingOptions,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> None:
    """Choose calibration images: seeded, as many of each class, every picture once.

    Writes set.toml and manifest.csv (with digests); the images stay where they are. With
    --preprocess the set also says how the model wants its pixels, and
    `edgevision optimize model.keras --int8` in this folder needs nothing more.
    """
    from edgevision.dataset.calibration.calibration_set import SET_FILE, read_set, write_set
    from edgevision.dataset.calibration.choose import choose
    from edgevision.dataset.formats.open_set import open_image_set
    from edgevision.files import refuse_to_replace
    from edgevision.preprocess.declared import Preprocessing

    refuse_to_replace(output / SET_FILE, overwrite=overwrite)
    declared = preprocessing.declared()
    for sentence in declared.notes():
        console.note(sentence)
    images = open_image_set(source, labels=labels)
    options.say_skipped(images)
    held_out = open_image_set(evaluation) if evaluation is not None else None
    with console.progress_bar() as progress:
        choice = choose(images, count=count, seed=seed, exclude=held_out, progress=progress)
    path = write_set(
        output,
        images,
        choice,
        seed=seed,
        split=split,
        preprocessing=None if declared == Preprocessing() else declared,
        evaluation=evaluation,
        overwrite=overwrite,
    )
    for sentence in choice.unreadable:
        console.warn(f"left out: {sentence}")
    if len(choice.items) < count:
        console.note(f"{len(choice.items)} images are all there is; {count} were asked for")
    if as_json:
        console.print_json(_built(path, read_set(output), choice))
    else:
        _render_built(path, read_set(output), choice, declared)


def _built(path: Path, made: "CalibrationSet", choice: "Selection") -> dict[str, Any]:
    return {
        "set": str(path),
        "source": str(made.images.path),
        "images": len(made.images),
        "classes": len(_labels(made)),
        "seed": made.seed,
        "manifest_sha256": made.digest,
        "duplicates": list(choice.duplicates),
        "overlapping": list(choice.overlapping),
        "unreadable": list(choice.unreadable),
    }


def _labels(made: "CalibrationSet") -> set[int]:
    return {item.class_index for item in made.images if item.class_index is not None}


def _render_built(
    path: Path, made: "CalibrationSet", choice: "Selection", declared: "Preprocessing"
) -> None:
    of_classes = f" of {len(_labels(made))} classes" if _labels(made) else ""
    console.print_text(f"{len(made.images)} images{of_classes} from {made.images.path}")
    for ids, why in (
        (choice.duplicates, "the same picture twice"),
        (choice.overlapping, "in the evaluation set"),
        (choice.unreadable, "cannot be decoded"),
    ):
        if ids:
            console.print_text(f"{len(ids)} left out: {why}")
    console.print_text(f"written: {path}")
    if not declared.is_complete:
        console.note(
            "the set does not say how the model wants its pixels; "
            "edgevision optimize will ask for --preprocess"
        )
