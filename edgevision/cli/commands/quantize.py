"""`edgevision quantize`: a float `.tflite` to int8, fp16, dynamic or int16x8; no TensorFlow."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgevision.cli import console
from edgevision.cli.options import common as options
from edgevision.cli.options.device import DeviceOptions
from edgevision.cli.options.groups import spread_groups
from edgevision.cli.options.integer import IntegerOptions, TargetOptions, missed, render_trials
from edgevision.cli.options.preprocessing import PreprocessingOptions
from edgevision.cli.options.task import Task, declared_task
from edgevision.errors import ModelError, UsageError

if TYPE_CHECKING:
    from edgevision.pipeline.quantize_file import QuantizeResult
    from edgevision.recipe.recipe import Recipe


@spread_groups
def quantize(
    model: Annotated[Path, typer.Argument(help="A float .tflite file.", show_default=False)],
    *,
    int8: Annotated[
        bool, typer.Option("--int8", help="Full integer: the default when nothing is asked.")
    ] = False,
    dynamic: Annotated[
        bool, typer.Option("--dynamic", help="int8 weights, float activations.")
    ] = False,
    fp16: Annotated[bool, typer.Option("--fp16", help="16-bit float weights.")] = False,
    int16x8: Annotated[
        bool,
        typer.Option("--int16x8", help="16-bit activations, int8 weights; slow on most CPUs."),
    ] = False,
    recipe: Annotated[
        str | None, typer.Option(metavar="NAME|FILE.toml", help="A recipe in place of those.")
    ] = None,
    integer: IntegerOptions,
    target: TargetOptions,
    calibration: options.Calibration = None,
    evaluation: Annotated[
        Path | None,
        typer.Option("--eval", help="Image set that target must hold on; labelled for --max-drop."),
    ] = None,
    labels: options.ClassNames = None,
    task: Task = None,
    preprocessing: PreprocessingOptions,
    device: DeviceOptions,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File; MODEL_int8.tflite unless given.")
    ] = None,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> None:
    """Quantize a float .tflite; its card, flags or the calibration set say how pixels go in.

    Exits with 4 for bad images, 5 for a bad model, 6 for a device that cannot be used, 7 when a
    target was missed, 8 when the file is not what was asked for.
    """
    from edgevision.cli.options.photos import calibration_photos, opened
    from edgevision.files import refuse_to_replace
    from edgevision.pipeline.quantize_file import QuantizeRequest, quantize_file
    from edgevision.preprocess.declared import Preprocessing

    if not model.exists():
        # First: the photos and the preprocessing are about this model.
        raise ModelError(f"{model} does not exist", hint="check the path")
    flags = {"int8": int8, "dynamic": dynamic, "fp16": fp16, "int16x8": int16x8}
    name, chosen = _recipe(
        [flag for flag, asked in flags.items() if asked],
        recipe,
        changes=integer.changes(),
    )
    path = output or model.with_name(f"{model.stem}_{name}.tflite")
    refuse_to_replace(path, overwrite=overwrite)
    is_integer = chosen.is_integer
    goal = target.goal()
    if goal is not None and not is_integer:
        raise UsageError("--min-agreement and --max-drop search among integer files only")
    compares = integer.never_slower and chosen.precision == "int8" and not chosen.is_full_integer
    if goal is None and not compares:
        device.refuse(without="--int8 and --never-slower, or an accuracy target: nothing is timed")
    place, access = device.place()
    photos, kept = calibration_photos(calibration, needed=is_integer)
    declared = preprocessing.declared()
    for line in declared.notes():
        console.note(line)
    names = options.class_names(labels)
    job = QuantizeRequest(
        source=model,
        output=path,
        recipe=chosen,
        recipe_name=name,
        photos=photos if is_integer else None,
        declared=declared,
        without_card=(kept and kept.preprocessing) or Preprocessing(),
        labels=names,
        task=declared_task(task),
        goal=goal,
        evaluation=None if evaluation is None else opened(evaluation, names),
        never_slower=integer.never_slower,
        target=place,
        access=access,
        overwrite=overwrite,
    )
    with console.progress_bar() as progress:
        done = quantize_file(job, progress=progress)
    for warning in done.model.warnings:
        console.warn(warning)
    if as_json:
        console.print_json(document(done, path))
    else:
        render(done, path)
    if done.reached is not None and not done.reached.met:
        raise missed(done.reached, str(path))


def _recipe(
    flags: list[str], recipe: str | None, *, changes: dict[str, Any]
) -> "tuple[str, Recipe]":
    """The one recipe asked for, under the name its file gets."""
    from dataclasses import replace

    from edgevision.quantize.steps import check_switches
    from edgevision.recipe.named import recipe_for

    if len(flags) + (recipe is not None) > 1:
        asked = [f"--{flag}" for flag in flags] + ["--recipe"] * (recipe is not None)
        raise UsageError(f"{' and '.join(asked)} ask for different files: give one")
    name = recipe or (flags[0] if flags else "int8")
    found = recipe_for(name)
    check_switches(found)
    stem = Path(name).stem if name.endswith(".toml") else name
    return stem, replace(found, **changes)


def document(done: "QuantizeResult", path: Path) -> dict[str, Any]:
    """All of it as JSON values."""
    from dataclasses import asdict

    from edgevision.pipeline.report import target_search_to_dict
    from edgevision.serialization.encode import to_plain

    model = done.model
    found: dict[str, Any] = {
        "file": str(path),
        "size_bytes": done.facts.size_bytes,
        "precision": done.facts.precision,
        "recipe": to_plain(model.recipe),
        "images": model.images,
        "seconds": model.seconds,
        "skipped": [asdict(one) for one in model.skipped],
        "steps": [asdict(one) for one in model.steps],
        "warnings": list(model.warnings),
        "speed": None if model.verdict is None else asdict(model.verdict),
    }
    if done.reached is not None:
        found["target"] = target_search_to_dict(done.reached)
    return found


def _left_in_float(done: "QuantizeResult") -> list[str]:
    """One line for each reason, with the Keras layers it holds for."""
    layers = {op.output: op.layer or op.output for op in done.facts.operators}
    reasons: dict[str, list[str]] = {}
    for one in done.model.skipped:
        named = f"{one.operator} {layers.get(one.tensor, one.tensor)}"
        reasons.setdefault(one.reason, []).append(named)
    lines = []
    for reason, operators in reasons.items():
        more = f" and {len(operators) - 4} more" if len(operators) > 4 else ""
        lines.append(f"in float, {reason}: {', '.join(operators[:4])}{more}")
    return lines


def render(done: "QuantizeResult", path: Path) -> None:
    """The file, what stayed float, and what was tried."""
    model = done.model
    given, made = done.facts.inputs[0], done.facts.outputs[0]
    console.print_text(
        f"{path}: {console.megabytes(done.facts.size_bytes)}, {done.facts.precision},"
        f" {given.dtype} in, {made.dtype} out"
    )
    for line in _left_in_float(done):
        console.print_text(line)
    for step in model.steps:
        kept = ", kept" if step.kept else ""
        console.note(f"tried: {step.step}: off by {step.loss:.4g} on images kept out{kept}")
    if model.images:
        console.note(f"calibrated on {model.images} images, {model.seconds:.1f} s")
    if done.reached is not None:
        render_trials(done.reached)
