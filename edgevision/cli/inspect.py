"""`edgevision inspect`: what a `.tflite` really is, ours or a stranger's, without running it."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgevision.cli import console

if TYPE_CHECKING:
    from edgevision.artifact.card import Card, TensorCard
    from edgevision.artifact.facts import Facts, OperatorFacts
    from edgevision.artifact.reading import FoundCard

_WIDTH = 80
_LABEL_WIDTH = 15


def inspect(
    model: Annotated[Path, typer.Argument(help="A .tflite file.", show_default=False)],
    *,
    operators: Annotated[
        bool, typer.Option("--operators", help="List every operation, not just every kind.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Show what a .tflite file is: types, scales, arithmetic, cost, needs, and its model card.

    Nothing is run, so any file can be looked at, also one that the runtime here refuses.
    """
    from edgevision.artifact.facts import facts_of
    from edgevision.artifact.model import read_model
    from edgevision.artifact.reading import find_card
    from edgevision.errors import ModelError

    facts = facts_of(read_model(model))
    found, trouble = None, ""
    try:
        found = find_card(model)
    except ModelError as error:
        # The facts stand without it, and they are what was asked for.
        trouble = str(error)
        console.warn(f"the model card cannot be read: {shown(trouble, 200)}")
    if as_json:
        console.print_json(_document(model, facts, found, trouble))
    else:
        _render(model, facts, found)
        console.print_table(_every_operation(facts) if operators else _kinds(facts))


def shown(text: str, width: int) -> str:
    """`text` made safe for a terminal and at most `width` wide, shortened in the middle."""
    safe = "".join(character if character.isprintable() else "?" for character in text)
    if len(safe) <= width:
        return safe
    head = (width - 3) // 2
    return f"{safe[:head]}...{safe[len(safe) - (width - 3 - head) :]}"


def formula(tensor: "TensorCard") -> str:
    """How to read what the tensor stores, with the exact numbers; empty for real tensors."""
    if tensor.scale is None or tensor.zero_point is None:
        return ""
    sign = "-" if tensor.zero_point >= 0 else "+"
    # Nine digits give a float32 back exactly.
    return f"real = {tensor.scale:.9g} * (stored {sign} {abs(tensor.zero_point)})"


def _render(model: Path, facts: "Facts", found: "FoundCard | None") -> None:
    size = console.megabytes(facts.size_bytes)
    _line(model.name, f"{size}, {facts.precision}, {_shape_state(facts)}")
    for role, tensors in (("input", facts.inputs), ("output", facts.outputs)):
        for index, tensor in enumerate(tensors):
            name = f"{role} {index}" if len(tensors) > 1 else role
            _line(name, f"{tensor.dtype} {list(tensor.shape)}  {shown(tensor.name, 40)}")
            if formula(tensor):
                _line("", formula(tensor))
    _line("arithmetic", _shares(facts))
    for island in facts.float_islands:
        _line("float island", _island(facts, island))
    if facts.custom:
        _line("custom", shown(", ".join(facts.custom), 400))
    if facts.flex:
        _line("", "Flex operations need the TensorFlow delegate, which LiteRT alone lacks")
    _line("work", f"{_count(facts.multiply_adds)} multiply-adds a run with batch 1")
    stored = ", ".join(f"{name} {console.megabytes(size)}" for name, size in facts.weight_bytes[:4])
    _line("weights", f"{_count(facts.parameters)} parameters; stored: {stored or 'none'}")
    _line("runtime", _runtime(facts))
    if facts.subgraphs > 1:
        _line("graphs", f"{facts.subgraphs}; this is about the first")
    _line("card", _origin(found))
    if found:
        _render_card(found.card)
        for difference in found.differences:
            console.warn(f"changed after it was packaged: {shown(difference, 200)}")


def _render_card(card: "Card") -> None:
    contract = card.contract
    _line("model", f"{shown(card.name, 60)}, {card.kind}, {card.activation} out")
    fit = contract.fit
    if contract.crop_fraction != 1:
        fit = f"{fit} {contract.crop_fraction:g}"  # type: ignore[assignment] # only to be shown
    _line("preprocess", f"{fit} to {contract.width} x {contract.height}, {contract.color}")
    mean, std = (" ".join(f"{value:g}" for value in part) for part in (contract.mean, contract.std))
    _line("", f"real = (pixel - [{mean}]) / [{std}]")
    if card.labels:
        first = ", ".join(card.labels[:3])
        _line("labels", f"{len(card.labels)}: {shown(first, 44)}{', ...' * (len(card.labels) > 3)}")
    source = card.provenance
    if source.source_name:
        digest = f" (sha256 {source.source_sha256[:12]})" if source.source_sha256 else ""
        _line("made of", shown(source.source_name, 60) + digest)
    if source.calibration:
        _line(
            "calibrated on",
            f"{source.calibration.images} images of {shown(source.calibration.name, 40)}",
        )
    figures = card.figures
    measured = [
        f"{name} {console.percent(value)}"
        for name, value in (
            ("top-1", figures.accuracy),
            ("top-5", figures.top5),
            ("float top-1", figures.float_accuracy),
            ("agreement", figures.agreement),
        )
        if value is not None
    ]
    if measured:
        _line("measured", f"{', '.join(measured)} on {figures.images or '?'} images")


def _document(
    model: Path, facts: "Facts", found: "FoundCard | None", trouble: str
) -> dict[str, Any]:
    from dataclasses import asdict

    from edgevision.artifact.card import card_to_dict

    document = asdict(facts)
    for role in ("inputs", "outputs"):
        for values, tensor in zip(document[role], getattr(facts, role), strict=True):
            values["formula"] = formula(tensor) or None
    return {
        "schema_version": 1,
        "file": model.name,
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
        "card": card_to_dict(found.card) if found else None,
        "card_origin": found.origin if found else None,
        "card_differences": found.differences if found else (),
        "card_error": trouble or None,
    }


def _line(name: str, text: str) -> None:
    """One fact, its name in a column of its own, wrapped to the width of a plain terminal."""
    import textwrap

    if len(name) >= _LABEL_WIDTH:
        console.print_text(shown(name, _WIDTH))
        name = ""
    lines = textwrap.wrap(text, _WIDTH - _LABEL_WIDTH, break_on_hyphens=False) or [""]
    for line in lines:
        console.print_text(f"{name:<{_LABEL_WIDTH}}{line}")
        name = ""


def _shape_state(facts: "Facts") -> str:
    if facts.is_static:
        return "static shapes"
    return f"{len(facts.dynamic_shapes)} tensors of dynamic shape"


def _shares(facts: "Facts") -> str:
    computing = len(facts.computing)
    if not computing:
        return "no operation computes"
    share = f"{facts.integer_ops} of {computing} operations in integers"
    if facts.multiply_adds:
        part = facts.integer_multiply_adds / facts.multiply_adds
        share += f", {console.percent(part)} of the multiply-adds"
    others = Counter(op.arithmetic for op in facts.computing)
    detail = ", ".join(f"{count} {kind}" for kind, count in others.most_common())
    conversions = sum(operator.arithmetic == "conversion" for operator in facts.operators)
    return f"{share} ({detail}; {conversions} conversions)"


def _island(facts: "Facts", island: tuple[int, ...]) -> str:
    members = [facts.operators[index] for index in island]
    named = ", ".join(_name(operator) for operator in members[:3])
    more = f" and {len(members) - 3} more" if len(members) > 3 else ""
    return f"{shown(named, 200)}{more}"


def _name(operator: "OperatorFacts") -> str:
    return f"{operator.name} {operator.layer or operator.output}"


def _runtime(facts: "Facts") -> str:
    need = facts.runtime
    text = f"TFLite {need.version} or newer ({need.because})" if need.version else "not stated"
    if need.unknown:
        text += f"; not in our table: {', '.join(need.unknown[:3])}"
    return text


def _origin(found: "FoundCard | None") -> str:
    if found is None:
        return "none: nothing in or beside the file says how to use it"
    return {
        "embedded": "inside the file",
        "model.json": "model.json beside the file",
        "TFLite Metadata": "none of ours; read from the standard TFLite Metadata inside",
    }[found.origin]


def _count(number: int) -> str:
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            return f"{number / size:.2f} {unit}"
    return str(number)


def _kinds(facts: "Facts") -> Any:
    table = console.new_table(
        "operation", "count", "arithmetic", "multiply-adds", "parameters", left=("arithmetic",)
    )
    groups: dict[tuple[str, str], list[OperatorFacts]] = {}
    for operator in facts.operators:
        groups.setdefault((operator.name, operator.arithmetic), []).append(operator)
    for (name, kind), members in sorted(groups.items(), key=lambda item: -len(item[1])):
        table.add_row(
            shown(name, 32),
            str(len(members)),
            kind,
            _count(sum(member.multiply_adds for member in members)),
            _count(sum(member.parameters for member in members)),
        )
    return table


def _every_operation(facts: "Facts") -> Any:
    table = console.new_table(
        *("#", "operation", "layer", "output", "in", "MACs", "params"),
        left=("operation", "layer", "output", "in"),
    )
    for operator in facts.operators:
        table.add_row(
            str(operator.index),
            shown(operator.name, 18),
            shown(operator.layer or operator.output, 20),
            "x".join(map(str, operator.output_shape[1:])),
            operator.arithmetic,
            _count(operator.multiply_adds),
            _count(operator.parameters),
        )
    return table
