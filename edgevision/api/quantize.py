"""`quantize`: a float `.tflite` to int8, fp16, dynamic or int16x8; no TensorFlow."""

from pathlib import Path

from edgevision.api.arguments.device import place
from edgevision.api.arguments.images import (
    ImagesLike,
    LabelsLike,
    Representative,
    calibration_photos,
    class_names,
    image_set,
    representative_photos,
)
from edgevision.api.arguments.messages import Messages, Notify, unheard
from edgevision.api.arguments.preprocessing import (
    PreprocessingLike,
    declared_preprocessing,
    model_io,
)
from edgevision.api.arguments.recipes import (
    RecipeLike,
    accuracy_target,
    changes_of,
)
from edgevision.api.arguments.recipes import (
    recipe as recipe_of,
)
from edgevision.api.arguments.task import declared_task
from edgevision.api.arguments.unused import refuse_unused
from edgevision.api.quantize_result import QuantizeResult
from edgevision.dataset.calibration.calibration_set import CalibrationSet
from edgevision.errors import ModelError, UsageError
from edgevision.files import refuse_to_replace
from edgevision.pipeline.quantize_file import QuantizeRequest, quantize_file
from edgevision.preprocess.declared import Preprocessing
from edgevision.progress import Progress, silent


def quantize(
    model: str | Path,
    *,
    int8: bool = False,
    dynamic: bool = False,
    fp16: bool = False,
    int16x8: bool = False,
    recipe: RecipeLike | None = None,
    full_integer: bool = False,
    input_type: str | None = None,
    output_type: str | None = None,
    quality: str | None = None,
    never_slower: bool = True,
    min_agreement: float | None = None,
    max_drop: float | None = None,
    calibration: ImagesLike | CalibrationSet | Representative | None = None,
    evaluation: ImagesLike | None = None,
    labels: LabelsLike | None = None,
    task: str | None = None,
    preprocessing: PreprocessingLike | None = None,
    on: str | None = None,
    ssh_config: str | Path | None = None,
    benchmark_model: str | Path | None = None,
    output: str | Path | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
    notify: Notify = unheard,
) -> QuantizeResult:
    """Quantize a float .tflite.

    Args:
        model: a float `.tflite` file.
        int8: make an integer file: the default when nothing else is asked for.
        dynamic: make int8 weights and float activations instead.
        fp16: make 16-bit float weights instead.
        int16x8: make 16-bit activations and int8 weights instead.
        recipe: make what this recipe says instead: a name, a TOML file or a `Recipe`.
        full_integer: int8 input and output as well, for NPUs.
        input_type: "uint8" (raw pixels), "int8" or "float32".
        output_type: "float32", "int8" or "uint8".
        quality: how long to try: "fast", "balanced" or "best".
        never_slower: with `on`, leave in float what is faster so there.
        min_agreement: percent of the images that must get the float model's answer.
        max_drop: points of top-1 accuracy that may be lost.
        calibration: photos that ranges are measured on; the set under calibration/ here unless
            given. Also TFLite's `representative_dataset`: a function without arguments that yields
            lists of one float32 array (1, height, width, channels), normalized as the preprocessing
            says.
        evaluation: photos that the target must hold on; labelled for `max_drop`.
        labels: class names for the card, or a file of them, one a line.
        task: what the outputs mean, in place of what the file, labels and photos tell:
            "classification", "multilabel", "detection", "tensors", or an installed package's.
        preprocessing: how pixels become input: a preset's name, a TOML file or a `Preprocessing`.
            What the model's card or the calibration set says unless given.
        on: the device whose times decide: "local", "ssh://user@host" or "adb:SERIAL".
        ssh_config: for ssh, as its -F.
        benchmark_model: TFLite's native tool, for adb.
        output: the file to write; MODEL_int8.tflite unless given.
        overwrite: replace it if it is there.
        progress: told of each stage.
        notify: told of notes and warnings as they come; the result has them too.

    Returns:
        The file, checked and with its card. A target that was missed leaves the best file found;
        `raise_if_missed` tells.

    Raises:
        UsageError: the arguments do not fit together, the file is there, or the preprocessing is
            not known.
        ImageSetError: images are bad or missing.
        ModelError: the model is damaged, quantized already or not a model of one image.
        DeviceError: the device cannot be used.
        VerificationError: the written file is not what was asked for.

    Example:
        >>> import edgevision as ev
        >>> result = ev.quantize("float32.tflite", calibration="photos/", output="small.tflite")
        >>> result.facts.precision, result.facts.inputs[0].dtype
        ('int8', 'uint8')
    """
    source = Path(model)
    if not source.exists():
        # First: the photos and the preprocessing are about this model.
        raise ModelError(f"{source} does not exist", hint="check the path")
    messages = Messages(notify=notify)
    name, chosen = recipe_of(
        {"int8": int8, "dynamic": dynamic, "fp16": fp16, "int16x8": int16x8},
        recipe,
        changes=changes_of(
            full_integer=full_integer,
            input_type=input_type,
            output_type=output_type,
            quality=quality,
        ),
    )
    path = Path(output) if output is not None else source.with_name(f"{source.stem}_{name}.tflite")
    refuse_to_replace(path, overwrite=overwrite)
    goal = accuracy_target(min_agreement=min_agreement, max_drop=max_drop)
    if goal is not None and not chosen.is_integer:
        raise UsageError("--min-agreement and --max-drop search among integer files only")
    compares = never_slower and chosen.precision == "int8" and not chosen.is_full_integer
    if goal is None and not compares:
        refuse_unused(
            {"on": on, "ssh_config": ssh_config, "benchmark_model": benchmark_model},
            without="--int8 and --never-slower, or an accuracy target: nothing is timed",
        )
    target, access = place(on, ssh_config=ssh_config, benchmark_model=benchmark_model)
    declared = declared_preprocessing(preprocessing)
    if callable(calibration):
        of_source = model_io(source, declared, messages).preprocessing
        calibration = representative_photos(calibration, of_source)
    photos, built = calibration_photos(
        calibration, messages, needed=chosen.is_integer, progress=progress
    )
    for line in declared.notes():
        messages.note(line)
    names = class_names(labels)
    request = QuantizeRequest(
        source=source,
        output=path,
        recipe=chosen,
        recipe_name=name,
        photos=photos if chosen.is_integer else None,
        declared=declared,
        without_card=(built and built.preprocessing) or Preprocessing(),
        labels=names,
        task=declared_task(task),
        goal=goal,
        evaluation=None
        if evaluation is None
        else image_set(evaluation, messages, class_names=names),
        never_slower=never_slower,
        target=target,
        access=access,
        overwrite=overwrite,
    )
    quantized = quantize_file(request, progress=progress)
    for warning in quantized.model.warnings:
        messages.warn(warning)
    return QuantizeResult(
        file=path,
        quantized=quantized,
        notes=tuple(messages.notes),
        warnings=tuple(messages.warnings),
    )
