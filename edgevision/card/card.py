"""The model card: how to use a `.tflite` file, what it answers, and where it came from.

It travels inside the file (`package.write_card`) and is read back by `reading.read_card`. The JSON
form has a version number. **The rule for changing it:** a new key that older readers may ignore
keeps the version, and every reader ignores keys it does not know; a change that would make an
older reader misread the file (a new way to preprocess, another meaning of a key) raises
`SCHEMA_VERSION`, and a reader refuses versions it does not know. Preprocessing is therefore read
strictly: an unknown name in it is an error in any version.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from edgevision.card.strict import is_plain, refuse
from edgevision.errors import ModelError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.tflite.arithmetic import Precision
from edgevision.tflite.facts import Activation, TensorInterface

SCHEMA_VERSION = 1

CARD_ENTRY = "EDGEVISION_CARD"
"""Name of the metadata entry that holds our JSON."""

CARD_FILE = "model.json"
"""The same JSON beside the file, with a "file" object that says which file it belongs to."""

Kind = Literal["classification", "detection", "tensors"]
"""tensors: numbers whose meaning nobody declared."""

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
    tools: tuple[tuple[str, str], ...] = ()
    """(package, version), sorted by package."""


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
    """Share of images with the same top-1 class as the float model."""
    mean_kl: float | None = None
    """Mean Kullback-Leibler divergence from the float model's scores, in nats."""
    float_size_bytes: int | None = None
    """Size of the float `.tflite`; this file's own size is what the file system says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Everything needed to use one `.tflite` file, and to trust it."""

    name: str
    kind: Kind = "classification"
    preprocessing: ImagePreprocessing
    """How a photo becomes the input of *this file*."""
    labels: tuple[str, ...] = ()
    """In index order; empty when unknown."""
    activation: Activation = "softmax"
    """What the output values are: probabilities of exclusive or of independent classes, or raw."""
    precision: Precision
    inputs: tuple[TensorInterface, ...]
    outputs: tuple[TensorInterface, ...]
    provenance: Provenance = Provenance()
    figures: Figures = Figures()
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        if self.schema_version != SCHEMA_VERSION:
            message = f"the model card has version {self.schema_version}, known is {SCHEMA_VERSION}"
            raise ModelError(message, hint="install a newer edgevision")
        for place, value, choices in (
            ("card.kind", self.kind, get_args(Kind)),
            ("card.activation", self.activation, get_args(Activation)),
            ("card.precision", self.precision, get_args(Precision)),
        ):
            if value not in choices:
                refuse(place, f"one of {', '.join(choices)}", value)
        if not self.inputs or not self.outputs:
            message = "a model card needs at least one input and one output"
            raise ModelError(message)
        if len(self.labels) > MAX_LABELS:
            refuse("card.labels", f"a list of at most {MAX_LABELS}", self.labels)
        for label in self.labels:
            if len(label) > MAX_LABEL_LENGTH or not is_plain(label):
                refuse("card.labels", f"plain text of at most {MAX_LABEL_LENGTH} characters", label)
        classes = self.outputs[0].shape[-1] if self.outputs[0].shape else 1
        # One sigmoid output decides between two classes, and has two labels.
        fitting = {classes, 2} if classes == 1 else {classes}
        if self.kind == "classification" and self.labels and len(self.labels) not in fitting:
            message = f"{len(self.labels)} labels for an output of {classes} classes"
            raise ModelError(message, hint="give one label for each output, in index order")
