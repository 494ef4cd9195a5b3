"""A `.tflite` open for editing: tensors and operators as plain lists.

The view only looks; this graph can be changed and written back (`parse`, `serialize`). Tensors are
never renumbered while a graph is edited, and operators keep their ids: writing leaves out what
nothing uses.
"""

import copy
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantParams:
    """Quantization of a tensor: one scale and zero point, or one pair per index along `axis`."""

    scale: NDArray[np.float32]
    zero_point: NDArray[np.int64]
    axis: int = 0

    @property
    def key(self) -> tuple[bytes, bytes, int]:
        """Equal for equal quantizations."""
        return self.scale.tobytes(), self.zero_point.tobytes(), self.axis


@dataclass(slots=True, kw_only=True)
class Tensor:
    """One tensor to edit; `data` is None where an operator or the caller writes the values."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any] | None
    """None for types NumPy has none for (strings, resources, 4-bit)."""
    data: NDArray[Any] | None = None
    scales: QuantParams | None = None
    raw: Any = None
    """The schema's object, for what this class does not name (variables, sparsity)."""


OperatorId: TypeAlias = int
"""Names an operator through every edit: of one read from a file its place in that file, as in the
view; of one made since a larger number. Ids order nothing and are not written."""

_FIRST_MADE = 1_000_000
"""No file has as many operators (`view` refuses it)."""
_ids = count(_FIRST_MADE)


@dataclass(slots=True, kw_only=True)
class Operator:
    """One operator to edit; -1 stands for an input that is left out."""

    name: str
    """`ops.CONV_2D`, ..."""
    inputs: list[int]
    outputs: list[int]
    version: int = 1
    options_type: int = 0
    options: Any = None
    custom_code: str | None = None
    raw: Any = None
    """The schema's object, for what this class does not name."""
    id: OperatorId = field(default_factory=_ids.__next__)


@dataclass(slots=True, kw_only=True)
class Graph:
    """The main subgraph of a model, and everything else of the file as it was."""

    tensors: list[Tensor]
    operators: list[Operator]
    inputs: list[int]
    outputs: list[int]
    file: Any = field(repr=False)
    """The schema's ModelT: other subgraphs, metadata and signatures come from here."""

    def add_tensor(self, tensor: Tensor) -> int:
        """Its index."""
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def add_constant(
        self, name: str, data: NDArray[Any], *, scales: QuantParams | None = None
    ) -> int:
        """Index of a new constant tensor holding `data`."""
        return self.add_tensor(
            Tensor(name=name, shape=data.shape, dtype=data.dtype, data=data, scales=scales)
        )

    def constant(self, index: int) -> NDArray[Any] | None:
        """Values of a constant tensor; None for an input left out or computed."""
        return None if index < 0 else self.tensors[index].data

    def known(self, index: int) -> NDArray[Any]:
        """Values of a tensor that is known to be constant.

        Raises:
            ValueError: it is not.
        """
        values = self.constant(index)
        if values is None:
            message = f"tensor {index} is computed, not constant"
            raise ValueError(message)
        return values

    def is_constant(self, index: int) -> bool:
        """Whether the file holds the tensor's content, of whatever type."""
        if index < 0:
            return False
        tensor = self.tensors[index]
        if tensor.dtype is not None or tensor.raw is None:
            return tensor.data is not None
        stored = self.file.buffers[tensor.raw.buffer].data
        return stored is not None and len(stored) > 0

    def is_float(self, index: int) -> bool:
        """Whether the tensor holds float32 numbers."""
        return index >= 0 and self.tensors[index].dtype == np.float32

    def operator(self, wanted: OperatorId) -> Operator:
        """The operator with an id.

        Raises:
            KeyError: there is none, or no longer.
        """
        for op in self.operators:
            if op.id == wanted:
                return op
        raise KeyError(wanted)

    def producers(self) -> dict[int, int]:
        """Tensor index -> position of the operator that writes it."""
        return {t: at for at, op in enumerate(self.operators) for t in op.outputs}

    def consumers(self) -> dict[int, list[int]]:
        """Tensor index -> positions of the operators that read it."""
        readers: dict[int, list[int]] = {}
        for at, op in enumerate(self.operators):
            for tensor in dict.fromkeys(op.inputs):
                if tensor >= 0:
                    readers.setdefault(tensor, []).append(at)
        return readers

    def copy(self) -> "Graph":
        """A graph whose lists may be edited; constants are shared, so replace, never write into."""
        return Graph(
            tensors=[copy.copy(tensor) for tensor in self.tensors],
            operators=[
                Operator(
                    name=op.name,
                    inputs=list(op.inputs),
                    outputs=list(op.outputs),
                    version=op.version,
                    options_type=op.options_type,
                    options=op.options,
                    custom_code=op.custom_code,
                    raw=op.raw,
                    id=op.id,
                )
                for op in self.operators
            ],
            inputs=list(self.inputs),
            outputs=list(self.outputs),
            file=self.file,
        )
