"""Which weights are held at zero, and when: values only, so that no TensorFlow is needed."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from edgevision.errors import UsageError

Schedule: TypeAlias = Literal["polynomial", "constant"]
"""TF-MOT's PolynomialDecay (zeros increase during training) or ConstantSparsity."""

SCHEDULES: tuple[str, ...] = get_args(Schedule)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskingPlan:
    """Magnitude pruning: the smallest weights become zero, the shapes stay."""

    sparsity: float
    """Share of each kernel's weights to set to zero; for 2:4 it is always 0.5."""

    two_of_four: bool = False
    """Exactly 2 zeros in every 4 weights along the input channels, for hardware that skips them."""

    schedule: Schedule = "polynomial"
    begin: float = 0.0
    """Share of the training after which zeros begin."""

    end: float = 0.7
    """Share of the training at which the final sparsity is reached; the rest recovers."""

    every: int = 20
    """Training steps between two looks at which weights are smallest."""

    def __post_init__(self) -> None:
        if not 0 < self.sparsity < 1:
            message = f"sparsity must be between 0 and 1, got {self.sparsity}"
            raise UsageError(message, hint="0.5 sets half of the weights to zero")
        if self.two_of_four and self.sparsity != 0.5:
            message = f"2:4 sets half of the weights to zero, not {self.sparsity:.0%}"
            raise UsageError(message, hint="leave the share away")
        if self.schedule not in SCHEDULES:
            message = f"unknown schedule {self.schedule!r}"
            raise UsageError(message, hint=f"known: {', '.join(SCHEDULES)}")
        if not 0 <= self.begin < self.end <= 1 or self.every < 1:
            message = (
                f"zeros begin and end within the training and are looked at every 1 or more steps, "
                f"got {self.begin}, {self.end}, {self.every}"
            )
            raise UsageError(message)
