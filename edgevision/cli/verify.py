"""`edgevision verify`: where an integer file departs from its float original, and why."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgevision.cli import console, options
from edgevision.cli.preprocess_flags import Color, CropFraction, Fit, Mean, Preprocess, Std

if TYPE_CHECKING:
    from edgevision.verify.explain import Explanation


def verify(
    float_model: Annotated[Path, typer.Argument(help="The float .tflite.", show_default=False)],
    model: Annotated[
        Path, typer.Argument(help="The integer .tflite made from it.", show_default=False)
    ],
    *,
    data: Annotated[Path, typer.Option(help="Image set, labels not needed.", show_default=False)],
    preprocess: Preprocess = None,
    mean: Mean = None,
    std: Std = None,
    fit: Fit = None,
    crop_fraction: CropFraction = None,
    color: Color = None,
    limit: Annotated[int, typer.Option(min=1, help="Use at most this many images.")] = 100,
    fixes: Annotated[
        bool, typer.Option(help="Measure what leaving the worst layers in float would bring.")
    ] = True,
    plot: Annotated[Path | None, typer.Option(help="Write a plot of the layers here.")] = None,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> None:
    """Signal-to-noise of every layer, the layers that hurt and why, and the answers that flip.

    The preprocessing options are about the float model, where its card does not say.

    Exits with 4 for bad images, 5 when the files do not belong together.
    """
    from dataclasses import replace

    from edgevision.artifact.reading import read_card
    from edgevision.artifact.usage import usage_of
    from edgevision.dataset.open_set import open_image_set
    from edgevision.files import refuse_to_replace
    from edgevision.preprocess.options import from_flags, refuse_auto
    from edgevision.runtime.predict import pixels_of
    from edgevision.verify.explain import explain
    from edgevision.verify.plot import plot_layers

    if plot is not None:
        refuse_to_replace(plot, overwrite=overwrite)
    refuse_auto(preprocess)
    said = from_flags(
        preprocess=preprocess,
        mean=mean,
        std=std,
        fit=fit,
        crop_fraction=crop_fraction,
        color=color,
    )
    contract = usage_of(float_model, said).contract
    # The flags are about the float model: integers of our making have their own card.
    carded = read_card(model) is not None
    integer_contract = (usage_of(model) if carded else usage_of(model, said)).contract
    photos = open_image_set(data)
    # Spread over the set: folders list one class after the other.
    photos = replace(photos, items=photos.items[:: -(-len(photos) // limit)])
    with console.progress_bar() as progress:
        found = explain(
            float_model,
            model,
            contracts=(contract, integer_contract),
            images=lambda: pixels_of(photos, contract),
            ids=[item.id for item in photos],
            measure_fixes=fixes,
            progress=progress,
        )
    if plot is not None:
        plot_layers(found, plot, overwrite=overwrite)
        console.note(f"wrote {plot}")
    if as_json:
        console.print_json(document(found, float_model, model))
    else:
        render(found, model)


def document(found: "Explanation", float_model: Path, model: Path) -> dict[str, Any]:
    """All of it as JSON values."""
    from dataclasses import asdict

    return {
        "schema_version": 1,
        "float": str(float_model),
        "model": str(model),
        "images": found.images,
        "layers": [
            {"layer": name, "lost_db": layer.lost_db, **asdict(layer)}
            for layer, name in zip(found.layers, found.names, strict=True)
        ],
        "worst": list(found.worst),
        "flips": [asdict(flip) for flip in found.flips],
        "effects": [asdict(effect) for effect in found.effects],
    }


def render(found: "Explanation", model: Path) -> None:
    """The layers that hurt, what would help, and the answers that flip."""
    agreed = found.images - len(found.flips)
    console.print_text(
        f"{model.name}: {agreed} of {found.images} answers are the float model's,"
        f" output {found.layers[-1].sqnr_db:.1f} dB"
    )
    table = console.new_table("layer", "operation", "dB", "lost", "cause", left=("operation",))
    for at in found.worst:
        layer = found.layers[at]
        table.add_row(
            found.names[at] or layer.tensor,
            layer.operator,
            f"{layer.sqnr_db:.1f}",
            f"{layer.lost_db:.1f}",
            layer.cause or "rounding to 8 bits",
        )
    console.print_table(table)
    names = {layer.tensor: name for layer, name in zip(found.layers, found.names, strict=True)}
    fixes = {layer.tensor: layer.fix for layer in found.layers}
    for effect in found.effects:
        name = names.get(effect.tensor) or effect.tensor
        gain = 100 * (1 - effect.loss_without / effect.loss) if effect.loss > 0 else 0.0
        would = f"; {fixes[effect.tensor]}" if fixes.get(effect.tensor) else ""
        console.print_text(f"{name} in float: {gain:.0f} % less divergence, measured{would}")
    for flip in found.flips[:10]:
        console.print_text(
            f"flipped: {flip.image}: {flip.float_class} became {flip.integer_class}"
            f" (float margin {flip.float_margin:.3f})"
        )
