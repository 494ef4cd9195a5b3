"""`optimize`: a Keras model and photos in; proven, packaged `.tflite` files out."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgevision.api.arguments.messages import Messages, Notify, unheard
from edgevision.api.optimize_result import OptimizeResult
from edgevision.errors import ModelError
from edgevision.progress import Progress, silent

if TYPE_CHECKING:
    from edgevision.api.arguments.images import ImagesLike, LabelsLike
    from edgevision.api.arguments.preprocessing import PreprocessingLike
    from edgevision.api.arguments.recipes import RecipeLike
    from edgevision.dataset.calibration.calibration_set import CalibrationSet
    from edgevision.pipeline.request import Pruning
    from edgevision.preprocess.declared import Preprocessing


def optimize(
    model: str | Path,
    *,
    int8: bool = False,
    dynamic: bool = False,
    fp16: bool = False,
    int16x8: bool = False,
    recipe: "Sequence[RecipeLike] | RecipeLike" = (),
    full_integer: bool = False,
    input_type: str | None = None,
    output_type: str | None = None,
    quality: str | None = None,
    never_slower: bool = True,
    min_agreement: float | None = None,
    max_drop: float | None = None,
    prune_channels: float | None = None,
    train: str | Path | None = None,
    epochs: int | None = None,
    calibration: "ImagesLike | CalibrationSet | None" = None,
    evaluation: "ImagesLike | None" = None,
    labels: "LabelsLike | None" = None,
    task: str | None = None,
    preprocessing: "PreprocessingLike | None" = None,
    input_shape: tuple[int, ...] | None = None,
    custom_objects: Sequence[str] = (),
    allow_flex: bool = False,
    on: str | None = None,
    ssh_config: str | Path | None = None,
    benchmark_model: str | Path | None = None,
    threads: int = 1,
    output: str | Path | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
    notify: Notify = unheard,
) -> OptimizeResult:
    """Convert, quantize, prove, time and package a trained Keras model.

    Args:
        model: a `.keras` or `.h5` file, or a SavedModel folder.
        int8: make an integer file: the default when nothing else is asked for.
        dynamic: make a file with int8 weights and float activations.
        fp16: make a file with 16-bit float weights.
        int16x8: make a file with 16-bit activations and int8 weights.
        recipe: make what this recipe says, or each of these: a name, a TOML file or a `Recipe`.
        full_integer: int8 input and output as well, for NPUs.
        input_type: of integer files: "uint8" (raw pixels), "int8" or "float32".
        output_type: of integer files: "float32", "int8" or "uint8".
        quality: how long to try: "fast", "balanced" or "best".
        never_slower: with `on`, leave in float what is faster so there.
        min_agreement: percent of the images that must get the float model's answer.
        max_drop: points of top-1 accuracy that may be lost.
        prune_channels: make a smaller model too, without this share of channels.
        train: path of the image set to fine-tune the smaller model on.
        epochs: passes over it; 10.
        calibration: photos that int8 ranges are measured on; the set under calibration/ here unless
            given.
        evaluation: photos to prove the result on; labels add accuracy. What the calibration set was
            kept apart from unless given.
        labels: class names, or a file of them, one a line.
        task: what the outputs mean, in place of what the file, labels and photos tell:
            "classification", "multilabel", "detection", "tensors", or an installed package's.
        preprocessing: how pixels become input: a preset's name, a TOML file, a `Preprocessing`, or
            "auto": what labelled photos show. What the calibration set says unless given.
        input_shape: (height, width) or (height, width, channels), where the model leaves it open.
        custom_objects: "module:Name" of classes to import for the model; runs that module's code.
        allow_flex: accept operations that need TensorFlow on the device.
        on: the device whose times decide: "local", "ssh://user@host" or "adb:SERIAL".
        ssh_config: for ssh, as its -F.
        benchmark_model: TFLite's native tool, for adb.
        threads: to time with.
        output: the folder to fill; MODEL-edge unless given.
        overwrite: fill it again where it holds an earlier result.
        progress: told of each stage.
        notify: told of notes and warnings as they come; the result has them too.

    Returns:
        The folder with its files. An accuracy target that was missed leaves the best file found;
        `raise_if_missed` tells.

    Raises:
        UsageError: the arguments do not fit together, the folder is taken, or the preprocessing is
            not known.
        MissingDependencyError: TensorFlow or a runtime is missing.
        ImageSetError: an image or a label is bad, or there are none.
        ModelError: the model cannot be converted or quantized.
        DeviceError: the device cannot be used.
        VerificationError: a file read back is not what was asked for.

    Example:
        >>> import edgevision as ev
        >>> result = ev.optimize("model.keras", int8=True, calibration="photos/",
        ...                      evaluation="held-out/", preprocessing="unit")
        >>> sorted(result.files)
        ['float32', 'int8']
        >>> result.variants[1].facts.precision
        'int8'
    """
    from edgevision.convert.process import tensorflow_starting

    # TensorFlow takes seconds to start: all that follows is imported and checked meanwhile.
    with tensorflow_starting() as beginning:
        from edgevision.api.arguments.device import place
        from edgevision.api.arguments.images import calibration_photos, class_names, image_set
        from edgevision.api.arguments.preprocessing import declared_preprocessing
        from edgevision.api.arguments.recipes import accuracy_target, changes_of, recipes
        from edgevision.api.arguments.task import declared_task
        from edgevision.api.arguments.unused import refuse_below_one, refuse_unused
        from edgevision.pipeline.folder import refuse_folder
        from edgevision.pipeline.optimize import optimize as run
        from edgevision.pipeline.request import OptimizeRequest

        messages = Messages(notify=notify)
        source = Path(model)
        target, access = place(on, ssh_config=ssh_config, benchmark_model=benchmark_model)
        if not source.exists():
            # First: the photos and the preprocessing are about this model.
            raise ModelError(f"{source} does not exist", hint="check the path")
        stem = source.name.removesuffix(source.suffix)
        folder = Path(output) if output is not None else Path(f"{stem}-edge")
        refuse_folder(folder, overwrite=overwrite)
        refuse_below_one("threads", threads)
        chosen_recipes = recipes(
            {"int8": int8, "dynamic": dynamic, "fp16": fp16, "int16x8": int16x8},
            [recipe] if isinstance(recipe, str) or not isinstance(recipe, Sequence) else recipe,
            changes=changes_of(
                full_integer=full_integer,
                input_type=input_type,
                output_type=output_type,
                quality=quality,
            ),
        )
        needs_photos = any(one.is_integer for _, one in chosen_recipes)
        if not needs_photos:
            of_target = {"min_agreement": min_agreement, "max_drop": max_drop}
            refuse_unused(of_target, without="an integer precision")
        declared = declared_preprocessing(preprocessing, takes_auto=True)
        names = class_names(labels)
        photos, built = calibration_photos(
            calibration, messages, needed=needs_photos, progress=progress
        )
        if evaluation is None and built is not None and built.evaluation is not None:
            evaluation = built.evaluation
            messages.note(
                f"evaluating on {evaluation}, which the calibration set was kept apart from"
            )
        proof = None
        if evaluation is not None:
            proof = image_set(evaluation, messages, class_names=names)
        request = OptimizeRequest(
            source=source,
            output=folder,
            recipes=chosen_recipes,
            calibration=photos,
            evaluation=proof,
            preprocessing=declared if declared.is_auto else _resolved(declared, built, messages),
            labels=names,
            task=declared_task(task),
            input_shape=_with_channels(input_shape),
            custom_objects=tuple(custom_objects),
            allow_flex=allow_flex,
            goal=accuracy_target(min_agreement=min_agreement, max_drop=max_drop),
            never_slower=never_slower,
            pruning=_pruning(prune_channels, train, epochs),
            threads=threads,
            target=target,
            access=access,
            overwrite=overwrite,
        )
        report = run(request, beginning=beginning, progress=progress)
    if not report.task.is_declared:
        messages.note(f"taken for {report.task.task.spec.kind}: {report.task.reason}")
    for warning in report.warnings:
        messages.warn(warning)
    return OptimizeResult(
        folder=folder,
        report=report,
        notes=tuple(messages.notes),
        warnings=tuple(messages.warnings),
    )


def _pruning(share: float | None, train: str | Path | None, epochs: int | None) -> "Pruning | None":
    """The smaller model asked for, if one was.

    Raises:
        UsageError: an argument about it was given without it.
    """
    from edgevision.api.arguments.unused import refuse_unused
    from edgevision.compress.finetune.training import Training
    from edgevision.compress.plan import PruningPlan, Target
    from edgevision.pipeline.request import Pruning

    if share is None:
        refuse_unused({"train": train, "epochs": epochs}, without="--prune-channels")
        return None
    return Pruning(
        plan=PruningPlan(target=Target(measure="channels", fraction=share)),
        train=None if train is None else Path(train),
        training=Training() if epochs is None else Training(epochs=epochs),
    )


def _resolved(
    declared: "Preprocessing", built: "CalibrationSet | None", messages: Messages
) -> "Preprocessing":
    """What was declared, over what the calibration set says.

    Raises:
        UsageError: neither says how pixels become input.
    """
    from edgevision.api.arguments.preprocessing import over_set
    from edgevision.preprocess.declared import nothing_declared

    resolved = over_set(declared, built, messages)
    if not resolved.is_complete:
        raise nothing_declared(resolved, can_measure=True)
    return resolved


def _with_channels(shape: tuple[int, ...] | None) -> tuple[int, int, int] | None:
    from edgevision.errors import UsageError

    if shape is None:
        return None
    if len(shape) not in {2, 3} or min(shape) < 1:
        raise UsageError(
            f"input_shape is (height, width) or (height, width, channels), not {shape}"
        )
    height, width, *channels = shape
    return height, width, channels[0] if channels else 3
