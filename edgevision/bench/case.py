"""What is timed: a model together with how it is run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from edgevision.runtime.session import Session, TensorSpec


class Timeable(Protocol):
    """What timing asks of an open model; `Session` is one."""

    @property
    def runtime(self) -> str:
        """Name and version of the library."""

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """In the model's order."""

    def view(self, spec: TensorSpec) -> NDArray[Any]:
        """The runtime's own memory of `spec`."""

    def invoke(self) -> None:
        """Run once on what the inputs hold."""

    def close(self) -> None:
        """Let go of the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row of a benchmark: a model, the runtime it runs in and its threads."""

    name: str
    model: Path | bytes
    """Path or content of a `.tflite`."""
    threads: int = 1
    runtime: str = "auto"
    delegates: tuple[Path, ...] = ()
    xnnpack: bool = True

    def content(self) -> bytes:
        """The `.tflite` itself."""
        return self.model.read_bytes() if isinstance(self.model, Path) else self.model

    def open(self) -> Session:
        """The model, open and with its tensors allocated; see `Session` for what is raised."""
        return Session(
            self.model,
            threads=self.threads,
            runtime=self.runtime,
            delegates=self.delegates,
            xnnpack=self.xnnpack,
        )
