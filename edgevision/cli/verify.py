"""`edgevision verify`: where a quantized file loses, layer by layer, why, and what would help."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgevision.cli import console, options
from edgevision.cli.lines import print_fact, shown
from edgevision.cli.option_groups import spread_groups
from edgevision.cli.preprocessing_options import PreprocessingOptions

if TYPE_CHECKING:
    from edgevision.dataset.imageset import ImageSet
    from edgevision.verify.explain import Explanation, Trials
    from edgevision.verify.remedy import Closeness
    from edgevision.verify.snapshot import File

_FLIPS_SHOWN = 10


@spread_groups
def verify(
    original: Annotated[
        Path, typer.Argument(metavar="FLOAT", help="The float .tflite.", show_default=False)
    ],
    quantized: Annotated[
        Path,
        typer.Argument(
            metavar="QUANTIZED", help="The .tflite that was made from it.", show_default=False
        ),
    ],
    *,
    data: Annotated[Path, typer.Option(help="Image set.", show_default=False)],
    labels: options.Labels = None,
    calibration: Annotated[
        Path | None,
        typer.Option(
            help="Image set to calibrate the remedies on; half of --data unless given, and "
            "they are measured on the other half."
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Layers to name and to find a remedy for.")] = 5,
    limit: Annotated[
        int, typer.Option(min=2, help="Images to look at, spread evenly over the set.")
    ] = 100,
    remedies: Annotated[
        bool,
        typer.Option("--remedies/--no-remedies", help="Quantize again with each, and measure."),
    ] = True,
    preprocessing: PreprocessingOptions,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the JSON document here.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the error along the network (.png or .svg).")
    ] = None,
    threads: options.Threads = None,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> None:
    """Explain a quantized model: error by layer, cause, measured remedy, and answers that flip.

    Preprocessing is what each file's own card says; an option given here replaces it, for both.

    Exits with 2 when the files do not belong together, 4 for bad images, 5 for a bad model.
    """
    from edgevision.artifact.usage import usage_of
    from edgevision.dataset.open_set import open_image_set
    from edgevision.files import refuse_to_replace
    from edgevision.runtime.session import usable_cpus
    from edgevision.verify.explain import explain, read_file, spread
    from edgevision.verify.layers_document import explanation_document
    from edgevision.verify.plot import check_plot
    from edgevision.verify.plot import plot as draw

    for path in filter(None, (output, plot)):
        refuse_to_replace(path, overwrite=overwrite)
    if plot is not None:
        check_plot(plot)
    said = preprocessing.said()
    usage = usage_of(original, said)
    files = (
        read_file(original, usage.contract),
        read_file(quantized, usage_of(quantized, said).contract),
    )
    photos = open_image_set(data, labels=labels, class_names=usage.labels)
    images = spread(photos, limit)
    cpus = threads or usable_cpus()
    with console.progress_bar() as progress:
        found = explain(*files, images, threads=cpus, progress=progress)
    trials = None
    if remedies:
        trials = _try(files, found, images, calibration, top=top, limit=limit, threads=cpus)
    document = {
        "float": str(original),
        "quantized": str(quantized),
        "data": str(photos.path),
        "labels": usage.labels,
        **explanation_document(found, trials, worst=top),
    }
    if output is not None:
        _write(output, document, overwrite=overwrite)
    if plot is not None:
        title = f"{quantized.name} against {original.name}, {len(images)} images"
        draw(found, plot, worst=top, title=title, overwrite=overwrite)
        console.note(f"wrote {plot}")
    if as_json:
        console.print_json(document)
        return
    names = usage.labels or photos.classes
    console.print_text(f"{quantized.name} against {original.name}: {len(images)} images")
    _render_layers(found, top)
    if trials is not None:
        _render_trials(trials)
    _render_answers(found, names)


def _try(
    files: "tuple[File, File]",
    found: "Explanation",
    images: "ImageSet",
    calibration: Path | None,
    *,
    top: int,
    limit: int,
    threads: int,
) -> "Trials | None":
    """What remedies for the `top` layers do; None, with a note, where none can be tried."""
    from edgevision.dataset.open_set import open_image_set
    from edgevision.errors import ImageSetError
    from edgevision.verify.explain import halves, measure_remedies, spread
    from edgevision.verify.requantize import obstacle, trial_of

    reason = obstacle(files[1].model)
    if found.answers is None:
        reason = "the model is no classifier, so answers cannot be compared"
    if reason is not None:
        console.note(f"no remedies tried: {reason}")
        return None
    if calibration is not None:
        seen, kept = spread(open_image_set(calibration), limit), images
    else:
        seen, kept = halves(images)
    if not len(kept):
        message = "one image cannot both calibrate and measure a remedy"
        raise ImageSetError(message, hint="more images, --calibration SET, or --no-remedies")
    trial = trial_of(*files, calibration=seen, measured=kept, threads=threads)
    with console.progress_bar() as progress:
        return measure_remedies(
            *files, found.worst(top), trial, kept, threads=threads, progress=progress
        )


def _write(path: Path, document: dict[str, Any], *, overwrite: bool) -> None:
    import json

    from edgevision.files import write_text

    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    write_text(path, f"{text}\n", overwrite=overwrite)
    console.note(f"wrote {path}")


def _render_layers(found: "Explanation", top: int) -> None:
    worst = found.worst(top)
    if not worst:
        console.print_text("no layer adds any error")
        return
    table = console.new_table(
        "layer",
        "operation",
        "alone",
        "own",
        "carried",
        "cause",
        title="layers that hurt most",
        left=("operation", "cause"),
    )
    for number, layer in enumerate(worst, start=1):
        pair, errors = layer.error.pair, layer.error
        table.add_row(
            f"{number} {shown(pair.layer, 18)}",
            shown(pair.operation.removesuffix("_2D"), 15),
            *map(_decibels, (layer.answer_sqnr_db, errors.own_sqnr_db, errors.sqnr_db)),
            layer.cause.label,
        )
    console.print_table(table)
    print_fact("alone", "SQNR in dB of the scores, were this layer alone quantized")
    print_fact("own", "SQNR of its output against the float operation on the same inputs")
    print_fact("carried", "SQNR of its output against the float model: all errors up to here")
    for number, layer in enumerate(worst, start=1):
        print_fact(f"cause of {number}", layer.cause.detail)
        print_fact("", f"remedy: {', or '.join(one.words for one in layer.changes)}")
    if found.unmatched:
        listed = ", ".join(found.unmatched[:3]) + (", ..." if len(found.unmatched) > 3 else "")
        print_fact("not compared", f"{listed}: folded into others or rewritten")
    console.print_text()


def _render_trials(trials: "Trials") -> None:
    table = console.new_table(
        f"remedies, measured on {trials.images} images", "agree", "mean KL", "SQNR dB"
    )
    table.add_row("the file as given", *_cells(trials.given))
    for remedy in (trials.unchanged, *trials.remedies):
        words = shown(remedy.change.words, 50)
        if remedy.effect is None:
            table.add_row(f"{words}: {shown(remedy.reason, 60)}", "-", "-", "-")
        else:
            table.add_row(words, *_cells(remedy.effect))
    console.print_table(table)


def _render_answers(found: "Explanation", names: tuple[str, ...]) -> None:
    if found.answers is None:
        return
    whole, flips = found.answers.whole, found.answers.flips
    low, high = whole.agreement.interval
    console.print_text(
        f"same answer   {console.percent(whole.agreement.value)} "
        f"({whole.agreement.hits} of {whole.agreement.count}; "
        f"95 %: {console.percent(low)} to {console.percent(high)})"
    )
    if not flips:
        return
    table = console.new_table("answer flips", "float", "quantized", left=("float", "quantized"))
    for flip in flips[:_FLIPS_SHOWN]:
        cells = [
            f"{shown(_name(names, one.label), 20)} {console.percent(one.probability, 0)}"
            f" (other {console.percent(one.probability_of_other, 0)})"
            for one in (flip.original, flip.quantized)
        ]
        table.add_row(shown(flip.id, 24), *cells)
    console.print_table(table)
    if len(flips) > _FLIPS_SHOWN:
        console.print_text(f"and {len(flips) - _FLIPS_SHOWN} more; --json lists all")


def _cells(measured: "Closeness") -> tuple[str, str, str]:
    return (
        console.percent(measured.agreement.value),
        f"{measured.mean_kl:.4f}",
        _decibels(measured.sqnr_db),
    )


def _decibels(value: float) -> str:
    return f"{value:.1f}" if math.isfinite(value) else "exact"


def _name(names: tuple[str, ...], label: int) -> str:
    return names[label] if label < len(names) else f"class {label}"
