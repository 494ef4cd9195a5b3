"""How to fine-tune: values only, so that no TensorFlow is needed to say it."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from edgevision.errors import UsageError

Augmentation: TypeAlias = Literal["none", "flip", "flip-shift"]
"""flip: mirrored left to right, half of the time. flip-shift: also moved by up to an eighth of
each side, the border repeated."""

AUGMENTATIONS: tuple[str, ...] = get_args(Augmentation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How the parts of the loss are weighted."""

    teacher: float = 0.9
    """Share of the original model's answers; the rest goes to the labels, which need to exist."""

    temperature: float = 4.0
    """Both models' answers are softened by this before they are compared."""

    features: float = 0.0
    """Added: mean squared difference in the last feature map, on the channels that are left."""

    def __post_init__(self) -> None:
        if not 0 <= self.teacher <= 1:
            message = f"the teacher's share of the loss must be from 0 to 1, got {self.teacher}"
            raise UsageError(message)
        if self.temperature <= 0 or self.features < 0:
            message = (
                f"the temperature must be above 0 and the weight of features not below, "
                f"got {self.temperature} and {self.features}"
            )
            raise UsageError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How to fine-tune."""

    epochs: int = 10
    batch_size: int = 64
    learning_rate: float = 1e-3
    """Its highest value: reached over the first tenth of the steps, then falling to nothing along
    a cosine."""

    weights: Weights = field(default_factory=Weights)
    augmentation: Augmentation = "flip-shift"
    held_out: float = 0.1
    """Share of the images that is not trained on, to choose the best epoch by."""

    patience: int | None = None
    """Stop after so many epochs without a better one; None to run them all."""

    seed: int = 0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 1 or self.learning_rate <= 0:
            message = (
                f"training needs 1 or more epochs and images in a batch and a learning rate above "
                f"0, got {self.epochs}, {self.batch_size}, {self.learning_rate}"
            )
            raise UsageError(message)
        if self.augmentation not in AUGMENTATIONS:
            message = f"unknown augmentation {self.augmentation!r}"
            raise UsageError(message, hint=f"known: {', '.join(AUGMENTATIONS)}")
        if not 0 < self.held_out < 1:
            message = f"the share of images held out must be between 0 and 1, got {self.held_out}"
            raise UsageError(message)
        if self.patience is not None and self.patience < 1:
            message = f"patience is counted in epochs from 1, got {self.patience}"
            raise UsageError(message)
