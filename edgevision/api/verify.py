"""`verify`: where a quantized file loses, layer by layer, why, and what would help."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgevision.api.arguments.images import ImagesLike, image_set
from edgevision.api.arguments.messages import Messages, Notify, unheard
from edgevision.api.arguments.preprocessing import (
    PreprocessingLike,
    declared_preprocessing,
    model_io,
)
from edgevision.api.arguments.task import declared_task
from edgevision.api.arguments.unused import refuse_below_one
from edgevision.api.html import card
from edgevision.dataset.imageset import ImageSet
from edgevision.errors import ImageSetError, UsageError
from edgevision.evaluation.run_file import task_of_file
from edgevision.files import refuse_to_replace, write_text
from edgevision.progress import Progress, silent
from edgevision.runtime.session import usable_cpus
from edgevision.serialization.json_text import to_json
from edgevision.tasks.spec import TaskSpec
from edgevision.verify.explain import Explanation, explain, read_file, spread
from edgevision.verify.layers.layers_document import explanation_document
from edgevision.verify.layers.plot import check_plot
from edgevision.verify.layers.plot import plot as draw
from edgevision.verify.what_if.requantize import obstacle, trial_of
from edgevision.verify.what_if.trials import Trials, halves, measure_remedies


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyResult:
    """Where a quantized file differs from its float original, and what would help."""

    original: Path
    quantized: Path
    data: ImageSet
    task: TaskSpec
    """What the outputs were taken for."""
    top: int
    """Layers named, the worst first."""
    explanation: Explanation
    trials: Trials | None
    """Remedies that were tried; None when none were."""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON values: what `edgevision verify --json` prints."""
        return {
            "float": str(self.original),
            "quantized": str(self.quantized),
            "data": str(self.data.path),
            "task": self.task.kind,
            "labels": self.task.labels,
            **explanation_document(self.explanation, self.trials, worst=self.top),
        }

    def _repr_html_(self) -> str:
        rows = [
            (
                layer.error.pair.layer,
                layer.error.pair.operation,
                *(f"{value:.1f}" for value in (layer.answer_db, layer.error.own_sqnr_db)),
                layer.cause.label,
            )
            for layer in self.explanation.worst(self.top)
        ]
        header = ("layer", "operation", "alone, dB", "own, dB", "cause")
        table = (header, rows)
        title = (
            f"{self.quantized.name} against {self.original.name}: {self.explanation.images} images"
        )
        return card(title, table, remarks=self.notes, warnings=self.warnings)


def verify(
    original: str | Path,
    quantized: str | Path,
    data: ImagesLike,
    *,
    labels: str | Path | None = None,
    calibration: ImagesLike | None = None,
    top: int = 5,
    limit: int = 100,
    remedies: bool = True,
    task: str | None = None,
    preprocessing: PreprocessingLike | None = None,
    plot: str | Path | None = None,
    threads: int | None = None,
    output: str | Path | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
    notify: Notify = unheard,
) -> VerifyResult:
    """Explain a quantized model: error by layer, cause, measured remedy, and answers that flip.

    Args:
        original: the float `.tflite`.
        quantized: the `.tflite` that was made from it.
        data: the images.
        labels: their labels.csv (file,label), or class names one a line.
        calibration: images to calibrate the remedies on; half of `data` unless given, and they are
            measured on the other half.
        top: layers to name and to find a remedy for.
        limit: images to look at, spread evenly over the set.
        remedies: whether to quantize again with each, and measure.
        task: what the outputs mean, in place of what the float file and its card say:
            "classification", "multilabel", "detection", "tensors", or an installed package's.
        preprocessing: how images become input, in place of what each file's card says; the
            normalization of a quantized input stays.
        plot: draw the error along the network here (.png or .svg).
        threads: of the runtime; all usable CPUs unless given.
        output: write the JSON document here.
        overwrite: replace what is there.
        progress: told of each stage.
        notify: told of notes and warnings as they come; the result has them too.

    Returns:
        Every layer's error and its cause, and what remedies do.

    Raises:
        UsageError: the files do not belong together, or a file is there.
        ImageSetError: images are bad, or too few to try a remedy.
        ModelError: a file is damaged.

    Example:
        >>> import edgevision as ev
        >>> result = ev.verify("float32.tflite", "int8.tflite", "held-out/", remedies=False)
        >>> result.explanation.layers[0].error.pair.layer
        'mix'
    """
    messages = Messages(notify=notify)
    before, after = Path(original), Path(quantized)
    for name, count, least in (("top", top, 1), ("limit", limit, 2)):
        if count < least:
            raise UsageError(f"{name} must be {least} or more, got {count}")
    refuse_below_one("threads", threads)
    for path in (output, plot):
        if path is not None:
            refuse_to_replace(Path(path), overwrite=overwrite)
    if plot is not None:
        check_plot(Path(plot))
    declared = declared_preprocessing(preprocessing)
    of_float = model_io(before, declared, messages)
    files = (
        read_file(before, of_float.preprocessing),
        read_file(after, model_io(after, declared, messages).preprocessing),
    )
    photos = image_set(data, messages, labels=labels, class_names=of_float.labels)
    meaning = task_of_file(
        before,
        preprocessing=of_float.preprocessing,
        declared=declared_task(task),
        card=of_float.task,
        images=photos,
    ).task
    images = spread(photos, limit)
    cpus = threads or usable_cpus()
    explanation = explain(*files, images, task=meaning, threads=cpus, progress=progress)
    trials = None
    if remedies:
        reason = obstacle(files[1].model)
        if reason is None:
            seen, measured = _parts(images, calibration, limit, messages)
            trial = trial_of(
                *files, calibration=seen, measured=measured, task=meaning, threads=cpus
            )
            worst = explanation.worst(top)
            trials = measure_remedies(
                *files, worst, trial, measured, task=meaning, threads=cpus, progress=progress
            )
        else:
            messages.note(f"no remedies tried: {reason}")
    result = VerifyResult(
        original=before,
        quantized=after,
        data=photos,
        task=meaning.spec,
        top=top,
        explanation=explanation,
        trials=trials,
        notes=tuple(messages.notes),
        warnings=tuple(messages.warnings),
    )
    if output is not None:
        write_text(Path(output), to_json(result.to_dict(), indent=2), overwrite=overwrite)
        messages.note(f"wrote {output}")
    if plot is not None:
        title = f"{after.name} against {before.name}, {len(images)} images"
        draw(explanation, Path(plot), worst=top, title=title, overwrite=overwrite)
        messages.note(f"wrote {plot}")
    return result


def _parts(
    images: ImageSet, calibration: ImagesLike | None, limit: int, messages: Messages
) -> tuple[ImageSet, ImageSet]:
    """Images to calibrate remedies on, and others to measure them on.

    Raises:
        ImageSetError: there is one image for both.
    """
    if calibration is not None:
        seen, measured = spread(image_set(calibration, messages), limit), images
    else:
        seen, measured = halves(images)
    if not len(measured):
        message = "one image cannot both calibrate and measure a remedy"
        raise ImageSetError(message, hint="more images, --calibration SET, or --no-remedies")
    return seen, measured
