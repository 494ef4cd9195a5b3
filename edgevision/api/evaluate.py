"""`evaluate`: how right a model is on labelled images, and how far from another."""

import csv
import io
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
from edgevision.api.arguments.unused import refuse_below_one
from edgevision.api.html import card
from edgevision.dataset.imageset import ImageSet
from edgevision.errors import UsageError
from edgevision.files import refuse_to_replace, write_text
from edgevision.metrics.rate import Rate
from edgevision.predictions import Predictions
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.progress import Progress, silent
from edgevision.runtime.predict import predict
from edgevision.runtime.session import Session, usable_cpus
from edgevision.verify.agreement import Comparison, compare
from edgevision.verify.documents import comparison_document, evaluation_document
from edgevision.verify.evaluation import Evaluation
from edgevision.verify.evaluation import evaluate as mark


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateResult:
    """A model's accuracy on an image set, and its agreement with another model."""

    model: Path
    data: ImageSet
    labels: tuple[str, ...]
    """Class names in index order: the model's, else the image set's."""
    evaluation: Evaluation | None
    """Accuracy, top-5, F1, confusion; None for unlabelled images that are only compared on."""
    against: Path | None = None
    comparison: Comparison | None = None
    """With `against`; None without it."""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def class_name(self, label: int) -> str:
        """The name of a class, or "class 7" where it has none."""
        return self.labels[label] if label < len(self.labels) else f"class {label}"

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON values: what `edgevision evaluate --json` prints."""
        document: dict[str, Any] = {
            "model": str(self.model),
            "data": str(self.data.path),
            "images": len(self.data),
            "labels": self.labels,
        }
        if self.evaluation is not None:
            document |= evaluation_document(self.evaluation)
        if self.comparison is not None:
            compared = comparison_document(self.comparison)
            document["against"] = {"model": str(self.against), **compared}
        return document

    def confusion_csv(self) -> str:
        """The confusion matrix as CSV: a row a label, a column an answer.

        Raises:
            UsageError: the images are not labelled.
        """
        if self.evaluation is None:
            raise _needs_labels()
        count = len(self.evaluation.confusion)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["label \\ answer", *map(self.class_name, range(count))])
        for label, row in enumerate(self.evaluation.confusion):
            writer.writerow([self.class_name(label), *(int(cell) for cell in row)])
        return text.getvalue()

    def _repr_html_(self) -> str:
        rows: list[tuple[str, ...]] = []
        if self.evaluation is not None:
            rows.append(_row("top-1", self.evaluation.top1))
            if self.evaluation.top5 is not None:
                rows.append(_row("top-5", self.evaluation.top5))
        if self.comparison is not None and self.against is not None:
            rows.append(_row(f"agrees with {self.against.name}", self.comparison.agreement))
        table = (("", "%", "95 %"), rows)
        title = f"{self.model.name} on {self.data.name}: {len(self.data)} images"
        return card(title, table, remarks=self.notes, warnings=self.warnings)


def _row(name: str, rate: Rate) -> tuple[str, ...]:
    low, high = rate.interval
    return name, f"{100 * rate.value:.1f}", f"{100 * low:.1f} to {100 * high:.1f}"


def evaluate(
    model: str | Path,
    data: ImagesLike,
    *,
    labels: str | Path | None = None,
    against: str | Path | None = None,
    preprocessing: PreprocessingLike | None = None,
    confusion: str | Path | None = None,
    threads: int | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
    notify: Notify = unheard,
) -> EvaluateResult:
    """Measure accuracy, top-5, confusion matrix and F1 of a model; with `against` also agreement.

    Args:
        model: a `.tflite` file.
        data: the images, labelled unless `against` is given.
        labels: their labels.csv (file,label), or class names one a line.
        against: another `.tflite`, usually the float one, to compare with.
        preprocessing: how images become input, in place of what each model's card says; the
            normalization of a quantized input stays.
        confusion: write the confusion matrix (CSV) here.
        threads: of the runtime; all usable CPUs unless given.
        overwrite: replace what is there.
        progress: told of each image.
        notify: told of notes and warnings as they come; the result has them too.

    Returns:
        The figures with their 95 % intervals.

    Raises:
        UsageError: the two models cannot be compared, or the preprocessing is not known.
        ImageSetError: images or labels are bad or missing.
        ModelError: a model is damaged or no classifier.

    Example:
        >>> import edgevision as ev
        >>> result = ev.evaluate("int8.tflite", "held-out/", against="float32.tflite")
        >>> result.evaluation.top1.value, result.comparison.agreement.value
        (1.0, 1.0)
    """
    messages = Messages(notify=notify)
    path, other = Path(model), None if against is None else Path(against)
    refuse_below_one("threads", threads)
    if confusion is not None:
        refuse_to_replace(Path(confusion), overwrite=overwrite)
    declared = declared_preprocessing(preprocessing)
    ours_io = model_io(path, declared, messages)
    other_io = None if other is None else model_io(other, declared, messages)
    images = image_set(data, messages, labels=labels, class_names=ours_io.labels)
    if confusion is not None and not images.is_labelled:
        raise _needs_labels()
    cpus = threads or usable_cpus()
    ours = _predictions(path, ours_io.preprocessing, images, cpus, progress)
    reference = None
    if other is not None and other_io is not None:
        reference = _predictions(other, other_io.preprocessing, images, cpus, progress)
    evaluation = mark(ours) if images.is_labelled or reference is None else None
    try:
        comparison = compare(ours, reference) if reference else None
    except ValueError as error:
        raise UsageError(f"{path} and {other} cannot be compared: {error}") from error
    result = EvaluateResult(
        model=path,
        data=images,
        labels=ours_io.labels or images.classes,
        evaluation=evaluation,
        against=other,
        comparison=comparison,
        notes=tuple(messages.notes),
        warnings=tuple(messages.warnings),
    )
    if confusion is not None:
        write_text(Path(confusion), result.confusion_csv(), overwrite=overwrite)
        messages.note(f"wrote {confusion}")
    return result


def _needs_labels() -> UsageError:
    return UsageError(
        "a confusion matrix needs labelled images", hint="one folder a class, or a labels.csv"
    )


def _predictions(
    model: Path,
    preprocessing: ImagePreprocessing,
    images: ImageSet,
    threads: int,
    progress: Progress,
) -> Predictions:
    with Session(model, threads=threads) as session:
        return predict(session, preprocessing, images, progress=progress, stage=model.name)
