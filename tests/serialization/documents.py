"""Dataclasses with every type and form that a document may hold."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

from edgevision.serialization.schema import Form


class Color(Enum):
    RED = "red"
    THIRD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    name: str
    shape: Annotated[tuple[int, ...], Form(max_items=8)] = ()
    scale: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    rounds: int = 3

    def __post_init__(self) -> None:
        if self.rounds < 1:
            message = f"rounds must be positive, got {self.rounds}"
            raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Masking:
    sparsity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    flag: bool
    count: int
    ratio: float
    text: str
    path: Path
    choice: Literal["a", "b", 3]
    color: Color
    samples: tuple[int, ...]
    ratios: tuple[float, ...]
    point: tuple[int, str, float]
    nested: tuple[tuple[str, ...], ...]
    tensor: Tensor
    tensors: tuple[Tensor, ...]
    by_name: dict[str, Tensor]
    by_color: dict[Color, int]
    maybe: Tensor | None
    number_or_text: int | float | str | None
    plan: Plan | Masking
    plans: tuple[Plan | Masking, ...]
    contract: Annotated[Plan, Form(key="preprocess", unknown="refuse")]
    mean: Annotated[tuple[float, ...] | None, Form(one_or_many=True)]
    tools: Annotated[tuple[tuple[str, str], ...], Form(pairs=True)]
    anything: Any
    seed: int = 0
    derived: int = field(init=False, default=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """As a stranger sends it."""

    name: str
    labels: tuple[Annotated[str, Form(max_characters=5)], ...] = ()
    inputs: tuple[Tensor, ...] = ()
    contract: Annotated[Plan, Form(key="preprocess", unknown="refuse")] = Plan()
    tools: Annotated[tuple[tuple[str, str], ...], Form(pairs=True, max_items=2)] = ()
    sizes: dict[str, int] = field(default_factory=dict)
