"""A model held open in an interpreter: integers and real numbers in, real numbers out."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgevision.errors import ModelError
from edgevision.runtime.closing import Closing
from edgevision.runtime.loader import RuntimeLibrary, load_runtime, uses_delegate
from edgevision.tensors import FloatArray, Quantization, dequantize
from edgevision.tflite.read import read_content

Image = TypeVar("Image")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorSpec:
    """An input or output as the interpreter reports it."""

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    quantization: Quantization | None
    """Scale and zero point of an integer tensor; None for float tensors."""

    def to_real(self, values: NDArray[Any]) -> FloatArray:
        """Real values of what the interpreter holds in this tensor, same shape."""
        if self.quantization is None or self.dtype.kind == "f":
            return values.astype(np.float32)
        return dequantize(values, self.quantization)


def usable_cpus() -> int:
    """CPUs this process may run on; never start more threads than that (4 on 2 is slower)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Session(Closing):
    """A `.tflite` open in a runtime library; use with `with`."""

    def __init__(
        self,
        model: Path | bytes,
        *,
        threads: int = 1,
        runtime: str = "auto",
        delegates: Sequence[Path] = (),
        xnnpack: bool = True,
        keep_all_tensors: bool = False,
    ) -> None:
        """Open `model` (a path, or the file's bytes).

        Args:
            model: path or content of a `.tflite`.
            threads: for the interpreter; see `usable_cpus`.
            runtime: a name of `loader.RUNTIMES`, or "auto" for the first that works here.
            delegates: shared libraries of external delegates, by path.
            xnnpack: False runs the plain built-in kernels.
            keep_all_tensors: keep intermediate results readable by `tensor`; slower, more memory.

        Raises:
            MissingDependencyError: no runtime library works here.
            ModelError: the runtime refuses the model.
        """
        library = load_runtime(runtime)
        self._library: RuntimeLibrary = library
        self._name = model.name if isinstance(model, Path) else "model"
        content = read_content(model)
        try:
            self._interpreter = library.open(
                content,
                threads=threads,
                delegates=delegates,
                xnnpack=xnnpack,
                keep_all_tensors=keep_all_tensors,
            )
        except (ValueError, RuntimeError) as error:
            message = f"{library} refuses {self._name}: {_first_line(error)}"
            raise ModelError(
                message, hint="edgevision inspect shows what the file holds"
            ) from error
        self.inputs = tuple(_spec(detail) for detail in self._interpreter.get_input_details())
        self.outputs = tuple(_spec(detail) for detail in self._interpreter.get_output_details())

    @property
    def runtime(self) -> str:
        """Name and version of the library, "ai-edge-litert 2.3.0"."""
        return str(self._library)

    @property
    def is_accelerated(self) -> bool:
        """Whether a delegate (XNNPACK, unless others were given) took any operation."""
        return uses_delegate(self._interpreter)

    def run(self, *values: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """Outputs (copies) for one array per input, of exactly the input's shape and dtype.

        Raises:
            ModelError: an operation failed while running.
        """
        for spec, value in zip(self.inputs, values, strict=True):
            self.fill(spec, value)
        self.invoke()
        return self.results()

    def fill(self, spec: TensorSpec, value: NDArray[Any]) -> None:
        """Copy `value`, of exactly the shape and dtype of the input `spec`, into it.

        Python's lock is held meanwhile: handing it over and back takes longer than the copying.
        """
        self._interpreter.set_tensor(spec.index, value)

    def results(self) -> tuple[NDArray[Any], ...]:
        """Copies of what the outputs hold since the last `invoke`."""
        return tuple(self._interpreter.get_tensor(spec.index) for spec in self.outputs)

    def map(
        self, function: "Callable[[Session, Image], Result]", images: Iterable[Image]
    ) -> Iterator[Result]:
        """What `function` makes of each image, in turn; `SessionPool` does several at once."""
        return (function(self, image) for image in images)

    def invoke(self) -> None:
        """Run on what the input tensors hold now; for timing and zero-copy loops.

        Raises:
            ModelError: an operation failed while running.
        """
        try:
            self._interpreter.invoke()
        except (ValueError, RuntimeError) as error:
            message = f"{self._name} failed while running: {_first_line(error)}"
            raise ModelError(message) from error

    def view(self, spec: TensorSpec) -> NDArray[Any]:
        """The runtime's own memory of `spec`: fill or read it, and let it go before `invoke`."""
        memory: NDArray[Any] = self._interpreter.tensor(spec.index)()
        return memory

    def tensor(self, index: int) -> NDArray[Any]:
        """A copy of any tensor after `run`; needs `keep_all_tensors`."""
        value: NDArray[Any] = self._interpreter.get_tensor(index)
        return value

    def close(self) -> None:
        """Let go of the interpreter and its memory."""
        del self._interpreter


def _spec(detail: dict[str, Any]) -> TensorSpec:
    parameters = detail["quantization_parameters"]
    scales, zero_points = parameters["scales"], parameters["zero_points"]
    dtype = np.dtype(detail["dtype"])
    quantization = None
    if dtype.kind in "iu" and len(scales) == 1 and scales[0] > 0:
        quantization = Quantization(scale=float(scales[0]), zero_point=int(zero_points[0]))
    return TensorSpec(
        index=int(detail["index"]),
        name=str(detail["name"]),
        shape=tuple(int(side) for side in detail["shape"]),
        dtype=dtype,
        quantization=quantization,
    )


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
