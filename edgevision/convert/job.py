"""What the child process is asked to do and what it answers: plain values that travel as JSON."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from edgevision.keras_model.load import KerasLibrary
from edgevision.tflite.facts import Activation

Loader: TypeAlias = Literal["keras", "tf_keras", "saved_model"]
"""Which library understood the model: Keras 3, Keras 2 as `tf_keras`, or TensorFlow itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertJob:
    """One conversion, as handed to the child."""

    source: str
    output: str
    """The temporary file to fill; the parent moves it into place."""
    folder: str
    """A private folder for temporary copies of the model."""
    library: KerasLibrary = "keras"
    """What the process was started for."""
    input_shape: tuple[int, int, int] | None = None
    """(height, width, channels) for sides that the model leaves open."""
    custom_objects: tuple[str, ...] = ()
    """"module:Name" of classes and functions the user vouches for."""
    allow_flex: bool = False
    working_directory: str = ""
    """Where the user stands: modules of `custom_objects` are looked up there too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInput:
    """One input of the model with every side known; the first one, the batch, is 1."""

    name: str
    """As the signature has it: the key in a dict of inputs, else the name of the Input."""
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOutput:
    """One output of the model."""

    name: str
    """As the signature has it: the key in a dict of outputs, else the name of its layer."""
    shape: tuple[int, ...]
    dtype: str
    activation: Activation | None
    """What its values are if they are scores, by what makes them; None: a tanh, a norm, ..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What the child found and did."""

    inputs: tuple[ModelInput, ...]
    """In the file's order, as `outputs`."""
    outputs: tuple[ModelOutput, ...]
    signature: str
    """The key under which the file has their names; "serving_default" for a Keras model."""
    stripped: tuple[str, ...]
    """Layers that work in training only and left nothing behind (Dropout, RandomFlip, ...)."""
    loader: Loader
    layers: tuple[str, ...]
    """Keras layer names, to be found in tensor names with `layer_names.layer_of`; empty for a
    SavedModel."""
    versions: dict[str, str]
    """Of "tensorflow" and of the Keras that loaded it."""
    largest_difference: float | None
    """Between the file and the model on one input, as a share of the largest value of the output
    that differs most; None when the file needs TensorFlow's operations."""
    warnings: tuple[str, ...]
