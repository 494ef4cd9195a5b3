"""What `optimize` is asked to do, decided before any work starts."""

from dataclasses import dataclass, field
from pathlib import Path

from edgevision.bench.remote.dispatch import Access
from edgevision.bench.remote.target import Target
from edgevision.card.card import CalibrationSource
from edgevision.compress.finetune.training import Training
from edgevision.compress.plan import PruningPlan
from edgevision.dataset.imageset import ImageSet
from edgevision.preprocess.declared import Preprocessing
from edgevision.quantize.search.accuracy_target import AccuracyTarget
from edgevision.recipe.recipe import Recipe
from edgevision.tasks.spec import TaskSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Photos:
    """An image set in its role, and what pins it."""

    images: ImageSet
    source: CalibrationSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruning:
    """A smaller model to be made beside the original one."""

    plan: PruningPlan
    train: Path | None
    """Image set to fine-tune on; None to remove only, which costs accuracy."""
    training: Training = field(default_factory=Training)


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizeRequest:
    """One run of `optimize`."""

    source: Path
    """`.keras`, `.h5` or SavedModel folder."""
    output: Path
    """Folder to fill."""
    recipes: tuple[tuple[str, Recipe], ...]
    """(file name without ending, recipe) of each file to make beside float32.tflite."""
    calibration: Photos | None
    """None only when no recipe needs one."""
    evaluation: ImageSet | None
    """None: the calibration images serve for agreement, and the report says so."""
    preprocessing: Preprocessing | None
    """What was declared; None, or the preset "auto", to let labelled photos decide."""
    labels: tuple[str, ...] = ()
    """Class names in index order; empty: those of the evaluation set, if it has names."""
    task: TaskSpec | None = None
    """What the outputs mean; None: as far as the file, the labels and the images tell."""
    input_shape: tuple[int, int, int] | None = None
    custom_objects: tuple[str, ...] = ()
    allow_flex: bool = False
    goal: AccuracyTarget | None = None
    """What integer files must reach on the images of the proof."""
    never_slower: bool = True
    """Time int8 against float on `target`, and leave slow operators in float where that is
    faster; nothing without a target, or for a file that is to be full integer."""
    pruning: Pruning | None = None
    threads: int = 1
    target: Target | None = None
    """The device, whose times decide. None: no choice is made by time, so that the files do not
    depend on the machine that makes them; it times them to tell."""
    access: Access = field(default_factory=Access)
    """How to get at it."""
    overwrite: bool = False

    @property
    def proof(self) -> ImageSet | None:
        """The images on which the files are held against the float model."""
        if self.evaluation is not None:
            return self.evaluation
        return self.calibration.images if self.calibration is not None else None
