"""Which operations a delegate (by default XNNPACK) really took: runtimes fall back in silence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgevision.bench.timing.case import Case
from edgevision.runtime.loader import load_runtime
from edgevision.tflite import ops


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """How a runtime divided a model."""

    operations: int
    delegated: int
    """How many of them a delegate runs."""
    taken: tuple[int, ...] | None
    """Which ones, as indices; None where only their number is told."""
    partitions: int
    """Pieces the delegate got; each border between it and the built-in kernels costs time."""

    @property
    def is_full(self) -> bool:
        """Whether the delegate took everything."""
        return self.delegated == self.operations

    def __str__(self) -> str:
        """As in "65 of 67, 2 partitions"."""
        pieces = f"{self.partitions} partition{'s' * (self.partitions != 1)}"
        return f"{self.delegated} of {self.operations}, {pieces}"


def delegation_of(case: Case) -> Delegation | None:
    """How the case's runtime divides its model; None where the runtime does not tell.

    Raises:
        ModelError: the runtime refuses the model.
    """
    with case.open():
        # For its errors, which name the model; the interpreter itself is not public there.
        pass
    library = load_runtime(case.runtime)
    interpreter = library.open(
        case.content(), threads=case.threads, delegates=case.delegates, xnnpack=case.xnnpack
    )
    interpreter.allocate_tensors()
    details = getattr(interpreter, "_get_ops_details", None)
    return divide(details()) if details is not None else None


def divide(details: Sequence[Mapping[str, Any]]) -> Delegation:
    """The division told by an interpreter's list of operations.

    The list holds every operation of the model, and after them one DELEGATE entry a partition,
    with the tensors that enter and leave it: what lies between them is the delegate's.
    """
    own = [entry for entry in details if entry["op_name"] != ops.DELEGATE]
    pieces = [entry for entry in details if entry["op_name"] == ops.DELEGATE]
    producer = {int(out): index for index, entry in enumerate(own) for out in entry["outputs"]}
    taken: set[int] = set()
    for piece in pieces:
        taken |= _between(own, producer, _known(piece["inputs"]), _known(piece["outputs"]))
    return Delegation(
        operations=len(own),
        delegated=len(taken),
        taken=tuple(sorted(taken)),
        partitions=len(pieces),
    )


def _between(
    own: Sequence[Mapping[str, Any]],
    producer: Mapping[int, int],
    entering: Iterable[int],
    leaving: Iterable[int],
) -> set[int]:
    found: set[int] = set()
    borders, waiting = set(entering), list(leaving)
    while waiting:
        tensor = waiting.pop()
        index = producer.get(tensor)
        if tensor in borders or index is None or index in found:
            continue
        found.add(index)
        waiting.extend(_known(own[index]["inputs"]))
    return found


def _known(tensors: Iterable[Any]) -> list[int]:
    # -1 stands for an optional input left out.
    return [int(tensor) for tensor in tensors if int(tensor) >= 0]
