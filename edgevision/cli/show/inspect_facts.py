"""What `edgevision inspect` prints."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgevision.cli import console
from edgevision.cli.show.lines import print_fact, short_count, shown
from edgevision.quantities import megabytes, percent

if TYPE_CHECKING:
    from edgevision.api.inspect import InspectResult
    from edgevision.card.card import Card, Figure
    from edgevision.card.read import FoundCard
    from edgevision.tflite.envelope.signature import Signature
    from edgevision.tflite.facts import Facts, OperatorFacts

_NAMES_SHOWN = 8
_FIGURES_SHOWN = 4


def render(result: "InspectResult", *, every_operator: bool) -> None:
    """The facts, the card, and the operations: each kind, or each one."""
    _render(result.file, result.facts, result.found)
    if every_operator:
        _print_operations(result.facts)
    else:
        console.print_table(_kinds(result.facts))


def _render(model: Path, facts: "Facts", found: "FoundCard | None") -> None:
    from edgevision.api.inspect import formula

    size = megabytes(facts.size_bytes)
    print_fact(model.name, f"{size}, {facts.precision}, {_shape_state(facts)}")
    for role, tensors in (("input", facts.inputs), ("output", facts.outputs)):
        for index, tensor in enumerate(tensors):
            name = f"{role} {index}" if len(tensors) > 1 else role
            print_fact(name, f"{tensor.dtype} {list(tensor.shape)}  {shown(tensor.name, 40)}")
            if formula(tensor):
                print_fact("", formula(tensor))
    for signature in facts.signatures:
        print_fact("signature", _signature(signature))
    print_fact("arithmetic", _shares(facts))
    for island in facts.float_islands:
        print_fact("float island", _island(facts, island))
    if facts.custom:
        print_fact("custom", shown(", ".join(facts.custom), 400))
    if facts.flex:
        print_fact("", "Flex operations need the TensorFlow delegate, which LiteRT alone lacks")
    print_fact("work", f"{short_count(facts.multiply_adds)} multiply-adds a run with batch 1")
    stored = ", ".join(f"{name} {megabytes(size)}" for name, size in facts.weight_bytes[:3])
    print_fact("weights", f"{short_count(facts.parameters)} parameters; stored: {stored or 'none'}")
    print_fact("runtime", _runtime(facts))
    if facts.subgraphs > 1:
        print_fact("graphs", f"{facts.subgraphs}; this is about the first")
    print_fact("card", _origin(found))
    if found:
        _render_card(found.card)
        for difference in found.differences:
            console.warn(f"changed after it was packaged: {shown(difference, 200)}")


def _render_card(card: "Card") -> None:
    preprocessing = card.preprocessing
    values = f", {card.activation} out" if card.activation else ""
    task = shown(card.kind, 40) or "task not declared"
    print_fact("model", f"{shown(card.name, 60)}, {task}{values}")
    fit = preprocessing.fit
    if preprocessing.crop_fraction != 1:
        fit = f"{fit} {preprocessing.crop_fraction:g}"  # type: ignore[assignment] # only to be shown
    print_fact(
        "preprocess",
        f"{fit} to {preprocessing.width} x {preprocessing.height}, {preprocessing.color}",
    )
    mean, std = (
        " ".join(f"{value:g}" for value in part) for part in (preprocessing.mean, preprocessing.std)
    )
    print_fact("", f"real = (pixel - [{mean}]) / [{std}]")
    if card.labels:
        first = ", ".join(card.labels[:3])
        print_fact(
            "labels", f"{len(card.labels)}: {shown(first, 44)}{', ...' * (len(card.labels) > 3)}"
        )
    source = card.provenance
    if source.source_name:
        digest = f" (sha256 {source.source_sha256[:12]})" if source.source_sha256 else ""
        print_fact("made of", shown(source.source_name, 60) + digest)
    if source.calibration:
        print_fact(
            "calibrated on",
            f"{source.calibration.images} images of {shown(source.calibration.name, 40)}",
        )
    figures = card.figures
    measured = [
        f"{name} {percent(value)}"
        for name, value in (
            ("top-1", figures.accuracy),
            ("top-5", figures.top5),
            ("float top-1", figures.float_accuracy),
            ("agreement", figures.agreement),
        )
        if value is not None
    ]
    if figures.accuracy is None:
        known = [one for one in figures.metrics if one.value is not None]
        measured = [*map(_measured, known), *measured]
        more = len(measured) - _FIGURES_SHOWN
        measured = measured[:_FIGURES_SHOWN] + ([f"{more} more with --json"] if more > 0 else [])
    if measured:
        print_fact("measured", f"{', '.join(measured)} on {figures.images or '?'} images")


def _signature(signature: "Signature") -> str:
    given, made = (
        ", ".join(shown(name, 40) for name, _ in entries[:_NAMES_SHOWN])
        + (", ..." if len(entries) > _NAMES_SHOWN else "")
        for entries in (signature.inputs, signature.outputs)
    )
    return f"{shown(signature.key, 40)}: {given} -> {made}"


def _measured(figure: "Figure") -> str:
    assert figure.value is not None  # noqa: S101 - the caller looked
    if figure.unit == "share":
        return f"{shown(figure.name, 40)} {percent(figure.value)}"
    return f"{shown(figure.name, 40)} {figure.value:.4g} {shown(figure.unit, 16)}".rstrip()


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
        share += f", {percent(part)} of the multiply-adds"
    others = Counter(op.arithmetic for op in facts.computing)
    detail = ", ".join(f"{count} {kind}" for kind, count in others.most_common())
    conversions = sum(operator.arithmetic == "conversion" for operator in facts.operators)
    plural = "" if conversions == 1 else "s"
    return f"{share} ({detail}; {conversions} conversion{plural})"


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
        "beside": "in a file beside it",
        "TFLite Metadata": "none of ours; read from the standard TFLite Metadata inside",
    }[found.origin]


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
            short_count(sum(member.multiply_adds for member in members)),
            short_count(sum(member.parameters for member in members)),
        )
    return table


def _print_operations(facts: "Facts") -> None:
    # Lines of our own: a table would wrap the names, and there may be hundreds of operations.
    row = "{:>4} {:<17} {:<22} {:>12} {:<10} {:>9}"
    head = row.format("#", "operation", "layer", "output", "arithmetic", "work")
    for line in ("", head, "-" * len(head)):
        console.print_text(line)
    for operator in facts.operators:
        sides = "x".join(map(str, operator.output_shape[1:]))
        console.print_text(
            row.format(
                operator.index,
                shown(operator.name, 17),
                shown(operator.layer or operator.output, 22),
                shown(sides, 12),
                operator.arithmetic,
                short_count(operator.multiply_adds),
            )
        )
