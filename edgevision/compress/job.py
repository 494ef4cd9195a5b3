"""What the child process is asked to do: values that travel as JSON."""

from dataclasses import dataclass

from edgevision.compress.finetune.training import Training
from edgevision.compress.masking.plan import MaskingPlan
from edgevision.compress.plan import PruningPlan
from edgevision.preprocess.declared import Preprocessing


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """What to fine-tune on, and how."""

    images: str
    """Path of an image set."""

    labels: str | None
    """Path of its labels.csv, when it lies elsewhere; None for what the set has itself."""

    preprocessing: Preprocessing
    training: Training


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneJob:
    """One run, as handed to the child."""

    source: str
    output: str | None
    """The `.keras` file to write; None to predict only."""

    plan: PruningPlan | MaskingPlan
    steps: int = 1
    """Rounds of removing and fine-tuning on the way to the target."""

    learning: Learning | None = None
    checkpoints: str | None = None
    """Folder for the state of an interrupted run."""

    predicted: tuple[float, ...] = ()
    """Shares to predict for, when there is no output."""

    custom_objects: tuple[str, ...] = ()
    """"module:Name" of classes and functions the user vouches for."""

    working_directory: str = ""
    """Where the user stands: modules of `custom_objects` are looked up there too."""
