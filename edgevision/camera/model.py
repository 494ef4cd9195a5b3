"""Which model the camera runs, how a frame becomes its input, and what its outputs mean."""

from dataclasses import dataclass, replace
from pathlib import Path

from edgevision.card.model_io import model_io_of
from edgevision.errors import ImageSetError, UsageError
from edgevision.preprocess.declared import Preprocessing
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.serialization.decode import from_plain
from edgevision.serialization.toml_text import read_toml
from edgevision.tasks.of_file import interface_of_file
from edgevision.tasks.resolve import ResolvedTask, resolve_task
from edgevision.tasks.spec import TaskSpec
from edgevision.tasks.task import Task
from edgevision.tflite.read import read_model

SETTINGS_FILE = "edgevision.toml"

MAX_LABEL_BYTES = 4 << 20

_NOTHING = Preprocessing()


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraModel:
    """A model file and how to use it."""

    path: Path
    preprocessing: ImagePreprocessing
    task: Task
    """What its outputs mean."""
    steering: Task
    """The same task down to the lowest score that hysteresis asks for."""
    notes: tuple[str, ...] = ()
    """Sentences for people: what was declared and is not used, and what nothing declares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRequest:
    """Which answers are wanted, of a task that has so many or such scores."""

    top_k: int = 5
    """Items reported at most."""
    threshold: float = 0.1
    """Lowest score reported, 0..1."""
    off: float = 0.4
    """Lowest score that hysteresis asks for."""


_ANY = AnswerRequest()


@dataclass(frozen=True, slots=True, kw_only=True)
class _CameraSettings:
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settings:
    """What the camera reads of a settings file; the rest of it is for others."""

    model: str | None = None
    camera: _CameraSettings = _CameraSettings()


def find_model(folder: Path) -> Path:
    """The model that `edgevision.toml` in `folder` names, or the one `.tflite` there.

    Raises:
        UsageError: there is none, or several and nothing says which.
    """
    settings = folder / SETTINGS_FILE
    if settings.is_file():
        named = _named_model(settings)
        if named is not None:
            return named
    models = sorted(folder.glob("*.tflite"))
    if len(models) == 1:
        return models[0]
    if not models:
        message = f"there is no .tflite file in {folder}"
        raise UsageError(message, hint="edgevision camera MODEL.tflite")
    names = ", ".join(path.name for path in models[:5])
    message = f"{folder} holds {len(models)} models: {names}"
    raise UsageError(
        message, hint=f'name one, or write model = "{models[0].name}" in {settings.name}'
    )


def resolve_model(
    path: Path,
    *,
    labels: Path | None = None,
    task: str | None = None,
    declared: Preprocessing = _NOTHING,
    answers: AnswerRequest = _ANY,
) -> CameraModel:
    """How to use the model at `path`: what its card says, and what is declared in its place.

    The preprocessing is that of every other command (`model_io_of`). Without a card, and with no
    normalization declared, a uint8 input takes pixels as they are; no other input is guessed.

    Raises:
        ModelError: the file is damaged, does not take one image, or its outputs or the labels do
            not fit its task.
        UsageError: nothing says how a frame becomes its input, or what does does not fit it.
        ImageSetError: the label file cannot be read.
    """
    is_normalized = declared.mean is not None or declared.std is not None
    without_card = _NOTHING if is_normalized else _pixels_as_they_are(path)
    io = model_io_of(path, declared, without_card=without_card)
    names = read_labels(labels) if labels else ()
    spec = io.task
    if spec is not None and names:
        spec = replace(spec, labels=names)
    interface = interface_of_file(read_model(path), io.preprocessing)

    def resolved(threshold: float) -> ResolvedTask:
        return resolve_task(
            interface,
            declared=None if task is None else TaskSpec(kind=task),
            card=spec,
            labels=names,
            options={"top_k": answers.top_k, "threshold": threshold},
        )

    found = resolved(answers.threshold)
    # Hysteresis follows a label down to `off`, whether it is still reported or not.
    steering = resolved(answers.off) if answers.off < answers.threshold else found
    notes = [io.note] if io.note else []
    if found.is_unknown:
        notes.append(f"{path.name}: {found.reason}; answers are plain numbers (or say --task)")
    if names and not found.task.spec.labels:
        kind = found.task.spec.kind
        notes.append(
            f"the {len(names)} labels of {labels} are not used: {path.name} is for {kind}; "
            "--task classification or multilabel takes its numbers for scores"
        )
    return CameraModel(
        path=path,
        preprocessing=io.preprocessing,
        task=found.task,
        steering=steering.task,
        notes=tuple(notes),
    )


def read_labels(path: Path) -> tuple[str, ...]:
    """One label a line; the index is the line's.

    Raises:
        ImageSetError: the file is missing, too large or not text.
    """
    try:
        if path.stat().st_size > MAX_LABEL_BYTES:
            raise ImageSetError(f"{path} is too long for a list of labels")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        if isinstance(error, ImageSetError):
            raise
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise ImageSetError(f"cannot read the labels {path}: {reason}") from error
    labels = [line.strip() for line in text.splitlines()]
    while labels and not labels[-1]:
        labels.pop()
    return tuple(labels)


def _named_model(settings: Path) -> Path | None:
    values = from_plain(_Settings, read_toml(settings), where=f"{settings}:")
    named = values.camera.model or values.model
    if named is None:
        return None
    path = settings.parent / named
    if not path.is_file():
        raise UsageError(f"{settings} names {named}, which is not there")
    return path


def _pixels_as_they_are(path: Path) -> Preprocessing:
    """The normalization that makes quantizing a pixel the identity, for a uint8 input."""
    model = read_model(path)
    tensors = [model.tensors[index] for index in model.inputs]
    if len(tensors) != 1 or tensors[0].dtype != "uint8" or len(tensors[0].scales) != 1:
        return _NOTHING
    scale, zero_point = tensors[0].scales[0], tensors[0].zero_points[0]
    return Preprocessing(mean=(float(zero_point),), std=(1 / scale,))
