"""What is timed: a model together with how it is run."""

from collections.abc import Sequence
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


def cases_for(
    models: Sequence[Path],
    *,
    threads: Sequence[int] = (1,),
    runtimes: Sequence[str] = ("auto",),
    delegates: Sequence[Path] = (),
) -> tuple[Case, ...]:
    """Every model in every runtime with every number of threads, under names that differ.

    Names are file names without ending; folders are put before them where needed, and runtime
    and threads behind them where there are several.
    """
    cases = []
    for name, model in zip(_names(models), models, strict=True):
        for runtime in runtimes:
            for count in threads:
                parts = [runtime] if len(runtimes) > 1 else []
                parts += [f"{count} thread{'s' * (count > 1)}"] if len(threads) > 1 else []
                cases.append(
                    Case(
                        name=" ".join([name, *(f"[{part}]" for part in parts)]),
                        model=model,
                        threads=count,
                        runtime=runtime,
                        delegates=tuple(delegates),
                    )
                )
    return tuple(cases)


def _names(models: Sequence[Path]) -> list[str]:
    names = [model.stem for model in models]
    if len(set(names)) < len(names):
        names = [str(model.with_suffix("")) for model in models]
    # The same file twice is a way to see the noise of a machine: number it.
    return [
        f"{name} #{names[: index + 1].count(name)}" if names.count(name) > 1 else name
        for index, name in enumerate(names)
    ]
