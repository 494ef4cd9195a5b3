"""`edgevision verify`: where a quantized file loses, layer by layer, why, and what would help."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgevision.cli import console
from edgevision.cli.options import common as options
from edgevision.cli.options.groups import spread_groups
from edgevision.cli.options.photos import usage_told
from edgevision.cli.options.preprocessing import PreprocessingOptions
from edgevision.cli.options.task import Task, declared_task
from edgevision.cli.show import verify_tables

if TYPE_CHECKING:
    from edgevision.dataset.imageset import ImageSet
    from edgevision.tasks.task import Task as TaskOf
    from edgevision.verify.explain import Explanation
    from edgevision.verify.layers.snapshot import File
    from edgevision.verify.what_if.trials import Trials


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
    task: Task = None,
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

    Preprocessing is what each file's own card says. An option given here replaces it, but not the
    normalization of a quantized input: those integers stand for what they were made to.

    Exits with 2 when the files do not belong together, 4 for bad images, 5 for a bad model.
    """
    from edgevision.dataset.formats.open_set import open_image_set
    from edgevision.evaluation.run_file import task_of_file
    from edgevision.files import refuse_to_replace
    from edgevision.runtime.session import usable_cpus
    from edgevision.verify.explain import explain, read_file, spread
    from edgevision.verify.layers.layers_document import explanation_document
    from edgevision.verify.layers.plot import check_plot
    from edgevision.verify.layers.plot import plot as draw

    for path in filter(None, (output, plot)):
        refuse_to_replace(path, overwrite=overwrite)
    if plot is not None:
        check_plot(plot)
    declared = preprocessing.declared()
    usage = usage_told(original, declared)
    files = (
        read_file(original, usage.preprocessing),
        read_file(quantized, usage_told(quantized, declared).preprocessing),
    )
    photos = open_image_set(data, labels=labels, class_names=usage.labels)
    found_task = task_of_file(
        original,
        preprocessing=usage.preprocessing,
        declared=declared_task(task),
        card=usage.task,
        images=photos,
    )
    images = spread(photos, limit)
    cpus = threads or usable_cpus()
    with console.progress_bar() as progress:
        found = explain(*files, images, task=found_task.task, threads=cpus, progress=progress)
    trials = None
    if remedies:
        trials = _try(
            files,
            found,
            images,
            calibration,
            task=found_task.task,
            top=top,
            limit=limit,
            threads=cpus,
        )
    document = {
        "float": str(original),
        "quantized": str(quantized),
        "data": str(photos.path),
        "task": found_task.task.spec.kind,
        "labels": found_task.task.spec.labels,
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
    console.print_text(f"{quantized.name} against {original.name}: {len(images)} images")
    verify_tables.render_layers(found, top)
    if trials is not None:
        verify_tables.render_trials(trials)
    verify_tables.render_answers(found)


def _try(
    files: "tuple[File, File]",
    found: "Explanation",
    images: "ImageSet",
    calibration: Path | None,
    *,
    task: "TaskOf",
    top: int,
    limit: int,
    threads: int,
) -> "Trials | None":
    """What remedies for the `top` layers do; None, with a note, where none can be tried."""
    from edgevision.dataset.formats.open_set import open_image_set
    from edgevision.errors import ImageSetError
    from edgevision.verify.explain import spread
    from edgevision.verify.what_if.requantize import obstacle, trial_of
    from edgevision.verify.what_if.trials import halves, measure_remedies

    reason = obstacle(files[1].model)
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
    trial = trial_of(*files, calibration=seen, measured=kept, task=task, threads=threads)
    with console.progress_bar() as progress:
        return measure_remedies(
            *files, found.worst(top), trial, kept, task=task, threads=threads, progress=progress
        )


def _write(path: Path, document: dict[str, Any], *, overwrite: bool) -> None:
    import json

    from edgevision.files import write_text

    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    write_text(path, f"{text}\n", overwrite=overwrite)
    console.note(f"wrote {path}")
