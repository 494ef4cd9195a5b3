"""`edgevision optimize`: a Keras model and photos in; proven, packaged `.tflite` files out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgevision.cli import console
from edgevision.cli.options import common as options
from edgevision.cli.options.conversion import ConversionOptions
from edgevision.cli.options.device import DeviceOptions
from edgevision.cli.options.groups import spread_groups
from edgevision.cli.options.integer import IntegerOptions, TargetOptions, missed
from edgevision.cli.options.preprocessing import MeasuredPreprocessingOptions
from edgevision.cli.options.task import Task, declared_task
from edgevision.cli.show import optimize_table
from edgevision.errors import ModelError, UsageError

if TYPE_CHECKING:
    from edgevision.dataset.calibration.calibration_set import CalibrationSet
    from edgevision.pipeline.request import Pruning
    from edgevision.preprocess.declared import Preprocessing
    from edgevision.recipe.recipe import Recipe

PRUNING = "Pruning"


@spread_groups
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
    int16x8: Annotated[
        bool,
        typer.Option("--int16x8", help="Also 16-bit activations, int8 weights; slow on most CPUs."),
    ] = False,
    recipe: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME|FILE.toml", help="Also what this recipe makes; repeatable."),
    ] = None,
    integer: IntegerOptions,
    target: TargetOptions,
    prune_channels: Annotated[
        float | None,
        typer.Option(
            help="Also a smaller model without this share of channels, such as 0.5.",
            rich_help_panel=PRUNING,
        ),
    ] = None,
    train: Annotated[
        Path | None,
        typer.Option(help="Image set to fine-tune the smaller model on.", rich_help_panel=PRUNING),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Passes over it; 10.", rich_help_panel=PRUNING)
    ] = None,
    calibration: options.Calibration = None,
    evaluation: Annotated[
        Path | None,
        typer.Option(
            "--eval",
            help="Image set to prove the result on; labels add accuracy. The one that the"
            " calibration set was kept apart from unless given.",
        ),
    ] = None,
    labels: options.ClassNames = None,
    task: Task = None,
    preprocessing: MeasuredPreprocessingOptions,
    conversion: ConversionOptions,
    device: DeviceOptions,
    threads: Annotated[int, typer.Option(min=1, help="Threads to time with.")] = 1,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder; MODEL-edge unless given.")
    ] = None,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> None:
    """Convert, quantize, prove, time and package a trained Keras model.

    Exits with 2 when the preprocessing is not known, 4 for bad images, 5 for a bad model, 6 for a
    device that cannot be used, 7 when an accuracy target was missed, 8 when a file is not what was
    asked for.
    """
    from edgevision.convert.process import tensorflow_starting

    with tensorflow_starting() as beginning:
        from dataclasses import asdict

        from edgevision.cli.options.photos import calibration_photos, opened
        from edgevision.pipeline.folder import refuse_folder
        from edgevision.pipeline.optimize import optimize as run
        from edgevision.pipeline.report import report_to_dict
        from edgevision.pipeline.request import OptimizeRequest

        place, access = device.place()
        if not model.exists():
            # First: the photos and the preprocessing are about this model.
            raise ModelError(f"{model} does not exist", hint="check the path")
        folder = output or Path(f"{model.name.removesuffix(model.suffix)}-edge")
        refuse_folder(folder, overwrite=overwrite)
        flags = {"int8": int8, "dynamic": dynamic, "fp16": fp16, "int16x8": int16x8}
        recipes = _recipes(
            [flag for flag, asked in flags.items() if asked],
            recipe or [],
            changes=integer.changes(),
        )
        needs_photos = any(one.is_integer for _, one in recipes)
        if not needs_photos:
            options.refuse_unused(asdict(target), without="an integer precision")
        declared = preprocessing.declared()
        names = options.class_names(labels)
        photos, kept = calibration_photos(calibration, needed=needs_photos)
        if evaluation is None and kept is not None and kept.evaluation is not None:
            evaluation = kept.evaluation
            console.note(
                f"evaluating on {evaluation}, which the calibration set was kept apart from"
            )
        plan = OptimizeRequest(
            source=model,
            output=folder,
            recipes=recipes,
            calibration=photos,
            evaluation=None if evaluation is None else opened(evaluation, names),
            preprocessing=declared if preprocessing.is_auto else _settled(declared, kept),
            labels=names,
            task=declared_task(task),
            input_shape=conversion.shape(),
            custom_objects=tuple(conversion.custom_objects or ()),
            allow_flex=conversion.allow_flex,
            goal=target.goal(),
            never_slower=integer.never_slower,
            pruning=_pruning(prune_channels, train, epochs),
            threads=threads,
            target=place,
            access=access,
            overwrite=overwrite,
        )
        with console.progress_bar() as progress:
            outcome = run(plan, beginning=beginning, progress=progress)
    for warning in outcome.warnings:
        console.warn(warning)
    if as_json:
        console.print_json({"folder": str(folder), **report_to_dict(outcome)})
    else:
        optimize_table.render(outcome, folder)
    for variant in outcome.missed:
        assert variant.reached is not None  # noqa: S101 - that is what missed means
        raise missed(variant.reached, str(folder / variant.file))


def _recipes(
    flags: list[str], named: list[str], *, changes: dict[str, Any]
) -> "tuple[tuple[str, Recipe], ...]":
    """The recipes asked for, each under the name its file gets; int8 when none was."""
    from dataclasses import replace

    from edgevision.quantize.steps import check_switches
    from edgevision.recipe.named import recipe_for

    wanted = flags if flags or named else ["int8"]
    found = [(name, recipe_for(name)) for name in wanted]
    for name in named:
        stem = Path(name).stem if name.endswith(".toml") else name
        found.append((stem, recipe_for(name)))
    for _, one in found:
        check_switches(one)
    doubled = {name for name, _ in found if [other for other, _ in found].count(name) > 1}
    if doubled:
        raise UsageError(f"{min(doubled)} was asked for twice")
    if changes and not any(one.is_integer for _, one in found):
        raise UsageError("--input-type, --output-type and --quality need an integer precision")
    return tuple((name, replace(one, **changes) if one.is_integer else one) for name, one in found)


def _pruning(share: float | None, train: Path | None, epochs: int | None) -> "Pruning | None":
    """The smaller model asked for, if one was.

    Raises:
        UsageError: an option of it was given without it.
    """
    from edgevision.compress.finetune.training import Training
    from edgevision.compress.plan import PruningPlan, Target
    from edgevision.pipeline.request import Pruning

    if share is None:
        options.refuse_unused({"train": train, "epochs": epochs}, without="--prune-channels")
        return None
    return Pruning(
        plan=PruningPlan(target=Target(measure="channels", fraction=share)),
        train=train,
        training=Training() if epochs is None else Training(epochs=epochs),
    )


def _settled(declared: "Preprocessing", kept: "CalibrationSet | None") -> "Preprocessing":
    """Flags over what the calibration set says.

    Raises:
        UsageError: neither says how pixels become input.
    """
    from edgevision.cli.options.photos import over_set
    from edgevision.preprocess.declared import nothing_declared

    settled = over_set(declared, kept)
    if not settled.is_complete:
        raise nothing_declared(settled, can_measure=True)
    return settled
