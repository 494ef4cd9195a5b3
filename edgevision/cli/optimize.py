"""`edgevision optimize`: a Keras model and photos in; proven, packaged `.tflite` files out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgevision.cli import console, options
from edgevision.cli.convert import parse_shape
from edgevision.cli.preprocess_flags import Color, CropFraction, Fit, Mean, Preprocess, Std
from edgevision.errors import ModelError, UsageError

if TYPE_CHECKING:
    from edgevision.dataset.calibration_set import CalibrationSet
    from edgevision.dataset.imageset import ImageSet
    from edgevision.pipeline.outcome import Outcome
    from edgevision.pipeline.plan import Photos
    from edgevision.preprocess.preprocessing import Preprocessing
    from edgevision.progress import Progress
    from edgevision.recipe.recipe import Recipe

PROOF = "Proof"
HOW = "How pixels become input"


def optimize(
    model: Annotated[Path, typer.Argument(help="A .keras or .h5 file, or a SavedModel folder.")],
    *,
    int8: Annotated[
        bool, typer.Option("--int8", help="Full integer: the default when nothing is asked.")
    ] = False,
    dynamic: Annotated[
        bool, typer.Option("--dynamic", help="Also int8 weights with float activations.")
    ] = False,
    fp16: Annotated[bool, typer.Option("--fp16", help="Also 16-bit float weights.")] = False,
    recipe: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME|FILE.toml", help="Also what this recipe makes; repeatable."),
    ] = None,
    full_integer: Annotated[
        bool, typer.Option("--full-integer", help="int8 input and output as well, for NPUs.")
    ] = False,
    input_type: Annotated[
        str | None, typer.Option(help="Of the int8 file: uint8 (raw pixels), int8 or float32.")
    ] = None,
    output_type: Annotated[
        str | None, typer.Option(help="Of the int8 file: float32, int8 or uint8.")
    ] = None,
    calibration: Annotated[
        Path | None,
        typer.Option(
            help="Calibration set or any image set; the one under calibration/ unless given."
        ),
    ] = None,
    evaluation: Annotated[
        Path | None,
        typer.Option(
            "--eval",
            "--evaluation",
            help="Image set to prove the result on; labels add accuracy. The one that the"
            " calibration set was kept apart from unless given.",
        ),
    ] = None,
    labels: Annotated[Path | None, typer.Option(help="Class names, one a line.")] = None,
    preprocess: Preprocess = None,
    mean: Mean = None,
    std: Std = None,
    fit: Fit = None,
    crop_fraction: CropFraction = None,
    color: Color = None,
    input_shape: Annotated[
        str | None, typer.Option(metavar="HxW[xC]", help="For a model that leaves its size open.")
    ] = None,
    custom_objects: Annotated[
        list[str] | None,
        typer.Option(metavar="MODULE:NAME", help="Import for the model; runs that code."),
    ] = None,
    allow_flex: Annotated[
        bool, typer.Option("--allow-flex", help="Accept operations that need TensorFlow.")
    ] = False,
    threads: Annotated[int, typer.Option(min=1, help="Threads to time with.")] = 1,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder; MODEL-edge unless given.")
    ] = None,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> None:
    """Convert, quantize, prove, time and package a trained Keras model.

    Exits with 2 when the preprocessing is not known, 4 for bad images, 5 for a bad model, 8 when
    a file is not what was asked for.
    """
    from edgevision.convert.convert import require_tensorflow
    from edgevision.pipeline.folder import refuse_folder
    from edgevision.pipeline.optimize import optimize as run
    from edgevision.pipeline.outcome import outcome_to_dict
    from edgevision.pipeline.plan import Plan
    from edgevision.preprocess.options import from_flags
    from edgevision.preprocess.preprocessing import AUTO

    require_tensorflow()
    if not model.exists():
        # First: the photos and the preprocessing are about this model.
        raise ModelError(f"{model} does not exist", hint="check the path")
    folder = output or Path(f"{model.name.removesuffix(model.suffix)}-edge")
    refuse_folder(folder, overwrite=overwrite)
    recipes = _recipes(
        int8=int8,
        dynamic=dynamic,
        fp16=fp16,
        named=recipe or [],
        faces=_faces(full_integer=full_integer, input_type=input_type, output_type=output_type),
    )
    said = from_flags(
        preprocess=None if preprocess == AUTO else preprocess,
        mean=mean,
        std=std,
        fit=fit,
        crop_fraction=crop_fraction,
        color=color,
    )
    names = options.class_names(labels)
    needs_photos = any(one.precision in {"int8", "int16x8"} for _, one in recipes)
    with console.progress_bar() as progress:
        photos, kept = _calibration(calibration, needs_photos=needs_photos, progress=progress)
    if evaluation is None and kept is not None and kept.evaluation is not None:
        evaluation = kept.evaluation
        console.note(f"evaluating on {evaluation}, which the calibration set was kept apart from")
    plan = Plan(
        source=model,
        output=folder,
        recipes=recipes,
        calibration=photos,
        evaluation=_open(evaluation, names),
        preprocessing=_settled(said, kept.preprocessing if kept else None, preprocess),
        labels=names,
        input_shape=None if input_shape is None else parse_shape(input_shape),
        custom_objects=tuple(custom_objects or ()),
        allow_flex=allow_flex,
        threads=threads,
        overwrite=overwrite,
    )
    with console.progress_bar() as progress:
        outcome = run(plan, progress=progress)
    for warning in outcome.warnings:
        console.warn(warning)
    if as_json:
        console.print_json({"folder": str(folder), **outcome_to_dict(outcome)})
    else:
        render(outcome, folder)


def _recipes(
    *, int8: bool, dynamic: bool, fp16: bool, named: list[str], faces: dict[str, Any]
) -> "tuple[tuple[str, Recipe], ...]":
    from dataclasses import replace

    from edgevision.recipe.named import recipe_for

    wanted = ["int8"] * (int8 or not (dynamic or fp16 or named))
    wanted += ["dynamic"] * dynamic + ["fp16"] * fp16
    found = [(name, recipe_for(name)) for name in wanted]
    for name in named:
        stem = Path(name).stem if name.endswith(".toml") else name
        found.append((stem, recipe_for(name)))
    doubled = {name for name, _ in found if [other for other, _ in found].count(name) > 1}
    if doubled:
        raise UsageError(f"{min(doubled)} was asked for twice")
    if faces and not any(one.precision in {"int8", "int16x8"} for _, one in found):
        raise UsageError("--input-type, --output-type and --full-integer need an integer precision")
    return tuple(
        (name, replace(one, **faces) if one.precision in {"int8", "int16x8"} else one)
        for name, one in found
    )


def _faces(
    *, full_integer: bool, input_type: str | None, output_type: str | None
) -> dict[str, str]:
    """Interface types as said; the recipe checks them."""
    faces = {"input_type": "int8", "output_type": "int8"} if full_integer else {}
    for name, said in (("input_type", input_type), ("output_type", output_type)):
        if said is not None and faces.get(name, said) != said:
            flag = f"--{name.replace('_', '-')}"
            raise UsageError(f"--full-integer means int8 in and out, not {flag} {said}")
        if said is not None:
            faces[name] = said
    return faces


def _calibration(
    given: Path | None, *, needs_photos: bool, progress: "Progress"
) -> "tuple[Photos | None, CalibrationSet | None]":
    """The calibration photos, and the set they were built as, if they were."""
    from edgevision.dataset.calibration_set import SET_FILE, find_set, is_set, no_set, read_set
    from edgevision.pipeline.images import photos_of, photos_of_set

    found = given if given is not None else find_set(Path.cwd())
    if found is None:
        if needs_photos:
            raise no_set(Path.cwd())
        return None, None
    if found.name == SET_FILE:
        found = found.parent
    if is_set(found):
        kept = read_set(found)
        return photos_of_set(kept), kept
    opened = _open(found, ())
    assert opened is not None  # noqa: S101 - a path was given
    return photos_of(opened, progress=progress), None


def _open(path: Path | None, names: tuple[str, ...]) -> "ImageSet | None":
    from edgevision.dataset.open_set import open_image_set

    if path is None:
        return None
    images = open_image_set(path, class_names=names)
    options.say_skipped(images)
    return images


def _settled(
    said: "Preprocessing", of_set: "Preprocessing | None", preprocess: str | None
) -> "Preprocessing | None":
    """Flags over what the calibration set says.

    Raises:
        UsageError: neither says how pixels become input.
    """
    from edgevision.preprocess.preprocessing import AUTO, nothing_said

    if preprocess == AUTO:
        return said
    if of_set is not None and said.preset is None:
        said = said.over(of_set)
    if not said.is_complete:
        raise nothing_said(said)
    for note in said.notes():
        console.note(note)
    return said


def render(outcome: "Outcome", folder: Path) -> None:
    """The result as a table on stdout, and what a reader should know of its figures."""
    from edgevision.cli.console import megabytes, percent

    latency = outcome.variants[0].latency
    title = f"{outcome.source} on {outcome.images} images of {outcome.proof}"
    table = console.new_table(
        "file", "size", "smaller", "host p50", "of float", "top-1", "agrees", title=title
    )
    whole = outcome.variants[0].facts.size_bytes
    for variant in outcome.variants:
        ratio, found = variant.ratio, variant.comparison
        table.add_row(
            variant.file,
            megabytes(variant.facts.size_bytes),
            "" if ratio is None else f"{whole / variant.facts.size_bytes:.2f}x",
            f"{variant.latency.summary.p50_ms:.2f} ms",
            "" if ratio is None else f"{ratio.ratio:.2f}",
            "-" if variant.accuracy is None else percent(variant.accuracy.value),
            "" if found is None else percent(found.agreement.value),
        )
    console.print_table(table)
    threads = f"{latency.threads} thread{'s' if latency.threads > 1 else ''}"
    console.print_text(f"host p50: {latency.runtime}, {threads}, this machine, not your device")
    if outcome.proof_role == "calibration":
        console.print_text(
            "figures are on the calibration images, which flatters them: add --eval PHOTOS"
        )
    for variant in outcome.variants:
        if variant.skipped:
            named = ", ".join(sorted({skipped.operator for skipped in variant.skipped}))
            console.print_text(f"{variant.file}: left in float: {named}")
    if outcome.stripped:
        console.print_text(f"left out, training only: {', '.join(outcome.stripped)}")
    console.print_text(f"all in {folder}/: model.json, report.json, the .tflite files")
