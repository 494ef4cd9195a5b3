"""What a run of pruning found and did: values that travel as JSON."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a model costs."""

    parameters: int
    macs: int
    """Multiply-adds of convolutions and Dense layers for one image."""

    int8_bytes: int
    """Expected size of the int8 .tflite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRow:
    """One layer with weights, before and after."""

    layer: str
    what: str
    channels: int | None
    """It makes; None for layers that make none, such as normalization."""

    channels_left: tuple[int, ...]
    """After each predicted share, or after the one removal; empty where `channels` is None."""

    parameters: int
    parameters_left: tuple[int, ...]
    macs: int
    macs_left: tuple[int, ...]
    stays_because: tuple[str, ...]
    """Why channels of it cannot go; empty when all can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRow:
    """One fine-tuning."""

    score_name: str
    score_before: float
    score: float
    epochs: int
    best_epoch: int
    training_images: int
    held_out_images: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparsity:
    """What magnitude pruning left behind."""

    weights: int
    """In the kernels that were pruned."""

    zeros: int
    file_bytes: int
    """Of the dense weights as float32: zeros take as much room as other numbers."""

    zipped_bytes: int
    """The same bytes compressed: here zeros pay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneReport:
    """The whole run."""

    before: Totals
    fractions: tuple[float, ...]
    """The predicted shares, or the one that was asked for."""

    after: tuple[Totals, ...]
    """For each of `fractions`."""

    layers: tuple[LayerRow, ...]
    trainings: tuple[TrainingRow, ...] = ()
    sparsity: Sparsity | None = None
    warnings: tuple[str, ...] = ()
    """Sentences about what was left out, such as refitting a layer that is too wide."""

    out_of_reach: tuple[str, ...] = ()
    """For predicted shares that cannot be removed, why; they are not in `fractions`."""
