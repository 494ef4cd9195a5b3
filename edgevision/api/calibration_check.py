"""`check_calibration_set`: are these photos fit to calibrate with?"""

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from edgevision.api.arguments.images import ImagesLike, image_set
from edgevision.api.arguments.messages import Messages, Notify, unheard
from edgevision.api.arguments.preprocessing import (
    PreprocessingLike,
    declared_preprocessing,
    model_io,
    options_of,
)
from edgevision.api.arguments.unused import refuse_unused
from edgevision.api.html import card
from edgevision.dataset.calibration.calibration_set import (
    SET_FILE,
    CalibrationSet,
    find_set,
    is_set,
    no_set,
    read_set,
)
from edgevision.dataset.calibration.check import SetFinding
from edgevision.dataset.calibration.check import check as check_images
from edgevision.dataset.formats.open_set import open_image_set
from edgevision.dataset.imageset import ImageSet
from edgevision.errors import ImageSetError, UsageError
from edgevision.preprocess.declared import Preprocessing
from edgevision.progress import Progress, silent
from edgevision.runtime.activation_ranges import mean_ranges


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSet:
    """What was found in a calibration set by looking at every image."""

    images: ImageSet
    evaluation: ImageSet | None
    """What it was compared with."""
    findings: tuple[SetFinding, ...]
    """Errors first; empty for a good set."""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def is_fit(self) -> bool:
        """Whether it can be calibrated with."""
        return all(finding.severity != "error" for finding in self.findings)

    def raise_if_unfit(self) -> None:
        """Raise when the set is not fit to calibrate with.

        Raises:
            ImageSetError: naming the kinds of errors.
        """
        if not self.is_fit:
            errors = [finding.kind for finding in self.findings if finding.severity == "error"]
            kinds = ", ".join(dict.fromkeys(errors))
            message = f"{self.images.path} is not fit for calibration: {kinds}"
            raise ImageSetError(message, hint="put that right, and build the set again")

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON values: what `edgevision calibration check --json` prints."""
        return {
            "set": str(self.images.path),
            "images": len(self.images),
            "labelled": self.images.is_labelled,
            "evaluation": str(self.evaluation.path) if self.evaluation is not None else None,
            "fit": self.is_fit,
            "findings": [asdict(finding) for finding in self.findings],
        }

    def _repr_html_(self) -> str:
        rows = [(one.severity, one.kind, one.message) for one in self.findings]
        verdict = "fit" if self.is_fit else "not fit"
        title = f"{len(self.images)} images of {self.images.path}: {verdict} for calibration"
        table = (("", "about", "found"), rows)
        return card(title, table, warnings=self.warnings, holds_words=True)


def check_calibration_set(
    images: ImagesLike | CalibrationSet | None = None,
    *,
    evaluation: ImagesLike | None = None,
    model: str | Path | None = None,
    labels: str | Path | None = None,
    preprocessing: PreprocessingLike | None = None,
    progress: Progress = silent,
    notify: Notify = unheard,
) -> CheckedSet:
    """Look at every image of a set: range, balance, duplicates, overlap, steadiness.

    Args:
        images: a set's folder, or any image set; the one in calibration/ here unless given.
        evaluation: images that must not be in it; what the set was built with unless given.
        model: a float `.tflite`, whose activations are compared on two halves of the set.
        labels: labels.csv (file,label), or class names one a line.
        preprocessing: how images become the input of `model`, when neither it nor the set says.
        progress: told of images read.
        notify: told of notes and warnings as they come; the result has them too.

    Returns:
        What was found; `raise_if_unfit` raises for errors among it.

    Raises:
        UsageError: the arguments do not fit together.
        ImageSetError: there is no set, or an image of `evaluation` cannot be read.
        ModelError: the model is damaged.

    Example:
        >>> import edgevision as ev
        >>> checked = ev.check_calibration_set("photos/", evaluation="held-out/")
        >>> checked.is_fit, [finding.kind for finding in checked.findings][0]
        (True, 'too-few')
    """
    messages = Messages(notify=notify)
    if model is None:
        refuse_unused(options_of(preprocessing), without="--model")
    declared = declared_preprocessing(preprocessing)
    chosen, built = _opened(images, labels)
    of_set = (built and built.preprocessing) or Preprocessing()
    held_out = None
    if evaluation is not None:
        held_out = image_set(evaluation, messages)
    elif built is not None and built.evaluation is not None:
        if built.evaluation.exists():
            held_out = open_image_set(built.evaluation)
        else:
            messages.warn(f"{built.evaluation} is gone: overlap with it is not checked")
    ranges_of = None
    if model is not None:
        path = Path(model)
        of_model = model_io(path, declared, messages, without_card=of_set)
        ranges_of = partial(mean_ranges, path, of_model.preprocessing, chosen, progress=progress)
    findings = check_images(chosen, evaluation=held_out, ranges_of=ranges_of, progress=progress)
    return CheckedSet(
        images=chosen,
        evaluation=held_out,
        findings=findings,
        notes=tuple(messages.notes),
        warnings=tuple(messages.warnings),
    )


def _opened(
    images: ImagesLike | CalibrationSet | None, labels: str | Path | None
) -> tuple[ImageSet, CalibrationSet | None]:
    if isinstance(images, CalibrationSet):
        return images.images, images
    if images is not None and not isinstance(images, str | Path):
        return image_set(images, Messages(), labels=labels), None
    path = find_set(Path()) if images is None else Path(images)
    if path is None:
        raise no_set(Path())
    if path.name == SET_FILE:
        path = path.parent
    if not is_set(path):
        return open_image_set(path, labels=None if labels is None else Path(labels)), None
    if labels is not None:
        raise UsageError(f"{path} has its own labels: leave --labels away")
    found = read_set(path)
    return found.images, found
