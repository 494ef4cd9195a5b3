"""What the child process is asked to do: plain values that travel as JSON."""

import json
from dataclasses import asdict, dataclass
from typing import Literal, TypeAlias

from edgevision.keras_model.load import KerasLibrary

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


def job_to_json(job: ConvertJob) -> str:
    """A job as text."""
    return json.dumps(asdict(job))


def job_from_json(text: str) -> ConvertJob:
    """The job that `job_to_json` wrote."""
    fields = json.loads(text)
    shape = fields["input_shape"]
    fields["input_shape"] = tuple(shape) if shape else None
    fields["custom_objects"] = tuple(fields["custom_objects"])
    return ConvertJob(**fields)
