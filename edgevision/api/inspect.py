"""`inspect`: what a `.tflite` really is, ours or a stranger's, without running it."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgevision.api.html import card as html_card
from edgevision.card.card import Card
from edgevision.card.json_form import card_to_plain
from edgevision.card.read import FoundCard, find_card
from edgevision.errors import ModelError
from edgevision.quantities import megabytes
from edgevision.tflite.facts import Facts, TensorInterface, facts_of
from edgevision.tflite.read import read_model


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectResult:
    """What a `.tflite` is, and what its card says."""

    file: Path
    facts: Facts
    """Types, scales, arithmetic, cost, needs."""
    found: FoundCard | None
    """The card, where it was found, and where the file is no longer what it says."""
    card_error: str = ""
    """Why the card cannot be read; empty when it can, or there is none."""

    @property
    def card(self) -> Card | None:
        """How to use the file; None when nothing says."""
        return self.found.card if self.found else None

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON values: what `edgevision inspect --json` prints."""
        facts, found = self.facts, self.found
        document = asdict(facts)
        for role in ("inputs", "outputs"):
            for values, tensor in zip(document[role], getattr(facts, role), strict=True):
                values["formula"] = formula(tensor) or None
        return {
            "file": self.file.name,
            **document,
            "weight_bytes": dict(facts.weight_bytes),
            "flex": facts.flex,
            "is_static": facts.is_static,
            "multiply_adds": facts.multiply_adds,
            "parameters": facts.parameters,
            "integer": {
                "operators": facts.integer_ops,
                "of_operators": len(facts.computing),
                "multiply_adds": facts.integer_multiply_adds,
            },
            "card": card_to_plain(found.card) if found else None,
            "card_origin": found.origin if found else None,
            "card_differences": found.differences if found else (),
            "card_error": self.card_error or None,
        }

    def _repr_html_(self) -> str:
        facts = self.facts
        rows = [
            (role, one.dtype, str(list(one.shape)), formula(one))
            for role, tensors in (("input", facts.inputs), ("output", facts.outputs))
            for one in tensors
        ]
        table = (("", "type", "shape", "values"), rows)
        title = f"{self.file.name}: {megabytes(facts.size_bytes)}, {facts.precision}"
        arithmetic = f"{facts.integer_ops} of {len(facts.computing)} operations in integers"
        return html_card(title, table, remarks=(arithmetic,), holds_words=True)


def formula(tensor: TensorInterface) -> str:
    """How to read what the tensor stores, with the exact numbers; empty for real tensors."""
    if tensor.scale is None or tensor.zero_point is None:
        return ""
    sign = "-" if tensor.zero_point >= 0 else "+"
    # Nine digits give a float32 back exactly.
    return f"real = {tensor.scale:.9g} * (stored {sign} {abs(tensor.zero_point)})"


def inspect(model: str | Path) -> InspectResult:
    """Read what a .tflite file is: types, scales, arithmetic, cost, needs, and its model card.

    Nothing is run, so any file can be looked at, also one that the runtime here refuses.

    Args:
        model: a `.tflite` file, from anyone.

    Returns:
        The facts, which stand also when the card cannot be read.

    Raises:
        ModelError: the file is missing or damaged.

    Example:
        >>> import edgevision as ev
        >>> ev.inspect("int8.tflite").facts.inputs[0].dtype
        'uint8'
        >>> ev.inspect("int8.tflite").card.labels
        ('a-red', 'b-green', 'c-blue')
    """
    path = Path(model)
    facts = facts_of(read_model(path))
    try:
        return InspectResult(file=path, facts=facts, found=find_card(path))
    except ModelError as error:
        # The facts stand without it, and they are what was asked for.
        return InspectResult(file=path, facts=facts, found=None, card_error=str(error))
