"""Task declarations: which task a model solves, with what labels and options; card or user."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from edgevision.errors import UsageError
from edgevision.tflite.facts import Activation


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """The declaration that a task is built from (`registry.build_task`); plain JSON values."""

    kind: str
    """Name of the task: "classification", "tensors", ..., or of an installed package's."""
    labels: tuple[str, ...] = ()
    """Names in index order; empty numbers them."""
    activations: tuple[Activation | None, ...] = ()
    """What each output's values are, in the model's order; empty or None: what the file tells."""
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """The task's own: "threshold", "top_k", ...; a task refuses what it does not know."""
    package: str = ""
    """Distribution that brings the task, for where it is not installed; empty for ours, and in a
    declaration of the user's (`registry.build_task` fills it in)."""

    def activation_of(self, output: int) -> Activation | None:
        """What is declared of this output's values."""
        return self.activations[output] if output < len(self.activations) else None

    def with_options(self, **options: Any) -> "TaskSpec":
        """The same task with these options replaced or added."""
        return replace(self, options={**self.options, **options})

    def refuse_unknown_options(self, known: Iterable[str]) -> None:
        """Pass options that the task has.

        Raises:
            UsageError: it does not have one of them.
        """
        unknown = sorted(set(self.options) - set(known))
        if unknown:
            message = f"the task {self.kind} has no option {unknown[0]!r}"
            listed = ", ".join(sorted(known))
            raise UsageError(message, hint=f"it has {listed}" if listed else "it has none")

    def fraction(self, name: str, default: float) -> float:
        """The option `name`, a number of 0 to 1.

        Raises:
            UsageError: it is something else.
        """
        value = self.options.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            message = f"{name} must be a number of 0 to 1, got {value!r}"
            raise UsageError(message)
        return float(value)

    def count(self, name: str, default: int) -> int:
        """The option `name`, a whole number from 1.

        Raises:
            UsageError: it is something else.
        """
        value = self.options.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            message = f"{name} must be a whole number from 1, got {value!r}"
            raise UsageError(message)
        return value
