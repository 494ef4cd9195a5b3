"""The model card: how to use a `.tflite` file, what it answers, and where it came from.

It travels inside the file (`write.write_card`) and is read back by `read.read_card`. The JSON
form has a version number. **The rule for changing it:** a new key that older readers may ignore
keeps the version, and every reader ignores keys it does not know; a change that would make an
older reader misread the file (a new way to preprocess, another meaning of a key) raises
`SCHEMA_VERSION`, and a reader refuses versions it does not know. Preprocessing is therefore read
strictly: an unknown name in it is an error in any version.

What the outputs mean is an object of its own, "task". Readers of version 1 know the keys "kind",
"activation" and "labels" instead, and two kinds: cards of those are still written as version 1,
with these keys beside. Every other kind is version 2, and so is a file whose meaning nobody
declared: a reader that takes an unknown file for a classifier should not get to it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from edgevision.errors import ModelError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.serialization.limits import is_plain_text
from edgevision.serialization.schema import Form
from edgevision.tasks.spec import TaskSpec
from edgevision.tflite.arithmetic import Precision
from edgevision.tflite.facts import Activation, TensorInterface

SCHEMA_VERSION = 2
"""Newest that is written and read."""

FIRST_KINDS = ("classification", "detection")
"""Kinds of task that readers of version 1 understand."""

CARD_ENTRY = "EDGEVISION_CARD"
"""Name of the metadata entry that holds our JSON."""

CARD_SUFFIX = ".card.json"
"""In place of `.tflite`: the same JSON beside the file, with a "file" object that says which file
it belongs to."""

EARLIER_CARD_FILE = "model.json"
"""Its name in folders of earlier versions, one for all the files in it; read, no longer written."""

MAX_LABELS = 100_000
MAX_LABEL_LENGTH = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationSource:
    """The photos whose ranges the integers of the file were chosen from."""

    name: str
    sha256: str
    """Digest over the digests of its images (calibration's own definition)."""
    images: int
    seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where the file came from."""

    source_name: str = ""
    """File name of the model it was made of, without its folder."""
    source_sha256: str = ""
    recipe: str = ""
    calibration: CalibrationSource | None = None
    tools: Annotated[tuple[tuple[str, str], ...], Form(pairs=True, max_items=64)] = ()
    """(package, version), sorted by package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure that has no field of its own in `Figures`: what a task measures, by its name."""

    name: str
    """As the task calls it: "age.mean_error"."""
    value: float | None
    """None where there is nothing to say, or no bound: the dB of equal outputs."""
    unit: str = ""
    """ "share" (0 to 1), "dB", "nats"; empty for a plain number or the unit of the output."""
    reference: str = "truth"
    """What it is measured against: "truth", or "float" for the float model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured on this file; None for what was not. Fractions are 0 to 1."""

    evaluation: str = ""
    """Name of the image set."""
    images: int | None = None
    accuracy: float | None = None
    top5: float | None = None
    float_accuracy: float | None = None
    float_top5: float | None = None
    agreement: float | None = None
    """Share of answers that are the float model's: of a classifier, images with the same class."""
    mean_kl: float | None = None
    """Mean Kullback-Leibler divergence from the float model's scores, in nats."""
    float_size_bytes: int | None = None
    """Size of the float `.tflite`; this file's own size is what the file system says."""
    metrics: Annotated[tuple[Figure, ...], Form(max_items=256)] = ()
    """Everything else that the task measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Everything needed to use one `.tflite` file, and to trust it."""

    name: str
    preprocessing: ImagePreprocessing
    """How a photo becomes the input of *this file*."""
    task: TaskSpec | None = None
    """What its outputs mean; None where nobody declared it and the file alone tells."""
    precision: Precision
    inputs: tuple[TensorInterface, ...]
    outputs: tuple[TensorInterface, ...]
    provenance: Provenance = Provenance()
    figures: Figures = Figures()

    @property
    def schema_version(self) -> int:
        """Of its JSON: the oldest whose readers understand it."""
        return 1 if self.kind in FIRST_KINDS else SCHEMA_VERSION

    @property
    def kind(self) -> str:
        """Name of the task; empty where nobody declared one."""
        return self.task.kind if self.task is not None else ""

    @property
    def labels(self) -> tuple[str, ...]:
        """Names in index order; empty when unknown."""
        return self.task.labels if self.task is not None else ()

    @property
    def activation(self) -> Activation | None:
        """What the first output's values are, None where nobody knows."""
        return self.task.activation_of(0) if self.task is not None else None

    def __post_init__(self) -> None:
        if not self.inputs or not self.outputs:
            message = "a model card needs at least one input and one output"
            raise ModelError(message)
        if len(self.labels) > MAX_LABELS:
            message = f"a card holds at most {MAX_LABELS} labels, not {len(self.labels)}"
            raise ModelError(message)
        for label in self.labels:
            if len(label) > MAX_LABEL_LENGTH or not is_plain_text(label):
                wanted = f"plain text of at most {MAX_LABEL_LENGTH} characters"
                message = f"a label should be {wanted}, not {label!r:.60}"
                raise ModelError(message)
        classes = self.outputs[0].shape[-1] if self.outputs[0].shape else 1
        # One sigmoid output decides between two classes, and has two labels.
        fitting = {classes, 2} if classes == 1 else {classes}
        if self.kind == "classification" and self.labels and len(self.labels) not in fitting:
            message = f"{len(self.labels)} labels for an output of {classes} classes"
            raise ModelError(message, hint="give one label for each output, in index order")


def card_file_of(model: Path) -> Path:
    """Where the card beside a `.tflite` is: `int8.card.json` for `int8.tflite`."""
    return model.with_name(f"{model.stem}{CARD_SUFFIX}")
