"""The model card: how to use a `.tflite` file, what it answers, and where it came from.

It travels inside the file (`write.write_card`) and is read back by `read.read_card`. The JSON
form has a version number. **The rule for changing it:** a new key that older readers may ignore
keeps the version, and every reader ignores keys it does not know; a change that would make an
older reader misread the file (a new way to preprocess, another meaning of a key) raises
`SCHEMA_VERSION`, and a reader refuses versions it does not know. Preprocessing is therefore read
strictly: an unknown name in it is an error in any version.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from edgevision.errors import ModelError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.serialization.limits import is_plain_text
from edgevision.serialization.schema import Form
from edgevision.tflite.arithmetic import Precision
from edgevision.tflite.facts import Activation, TensorInterface

SCHEMA_VERSION = 1

CARD_ENTRY = "EDGEVISION_CARD"
"""Name of the metadata entry that holds our JSON."""

CARD_SUFFIX = ".card.json"
"""In place of `.tflite`: the same JSON beside the file, with a "file" object that says which file
it belongs to."""

EARLIER_CARD_FILE = "model.json"
"""Its name in folders of earlier versions, one for all the files in it; read, no longer written."""

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
    tools: Annotated[tuple[tuple[str, str], ...], Form(pairs=True, max_items=64)] = ()
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


_Tensors = Annotated[tuple[TensorInterface, ...], Form(max_items=64)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Everything needed to use one `.tflite` file, and to trust it."""

    schema_version: int = SCHEMA_VERSION
    name: str
    kind: Kind
    precision: Precision
    activation: Activation
    """What the output values are: probabilities of exclusive or of independent classes, or raw."""
    preprocessing: Annotated[ImagePreprocessing, Form(key="preprocess", unknown="refuse")]
    """How a photo becomes the input of *this file*."""
    inputs: _Tensors
    outputs: _Tensors
    provenance: Provenance = Provenance()
    figures: Figures = Figures()
    labels: Annotated[
        tuple[Annotated[str, Form(max_characters=MAX_LABEL_LENGTH)], ...],
        Form(max_items=MAX_LABELS),
    ] = ()
    """In index order; empty when unknown."""

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
