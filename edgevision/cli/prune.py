"""`edgevision prune`: a Keras model with fewer channels, fine-tuned; or with weights at zero."""

from pathlib import Path
from typing import Annotated

import typer

from edgevision.cli import console, options
from edgevision.cli.preprocess_flags import Color, CropFraction, Fit, Mean, Preprocess, Std
from edgevision.cli.prune_options import (
    learning_of,
    plan_of,
    refuse_unused,
    say_what_zeros_are_worth,
)
from edgevision.cli.prune_tables import document, render_ladder, render_result

WHAT = "What to remove"
HOW = "How to choose it"
TRAINING = "Fine-tuning"


def prune(
    model: Annotated[Path, typer.Argument(help="A .keras or .h5 file.", show_default=False)],
    *,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="MODEL-pruned.keras unless given."),
    ] = None,
    channels: Annotated[
        float | None,
        typer.Option(help="Share of every layer's channels, such as 0.5.", rich_help_panel=WHAT),
    ] = None,
    macs: Annotated[
        float | None, typer.Option(help="Share of the multiply-adds.", rich_help_panel=WHAT)
    ] = None,
    params: Annotated[
        float | None, typer.Option(help="Share of the parameters.", rich_help_panel=WHAT)
    ] = None,
    latency: Annotated[
        float | None,
        typer.Option(help="Share of the measured int8 latency.", rich_help_panel=WHAT),
    ] = None,
    sparsity: Annotated[
        float | None,
        typer.Option(help="Instead: share of weights to set to zero.", rich_help_panel=WHAT),
    ] = None,
    two_of_four: Annotated[
        bool,
        typer.Option("--two-of-four", help="Instead: 2 zeros in 4.", rich_help_panel=WHAT),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Predict for several shares; write nothing."),
    ] = False,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            help="Layer name or pattern (block1_*) that stays as wide; repeatable.",
            rich_help_panel=HOW,
        ),
    ] = None,
    importance: Annotated[
        str | None, typer.Option(help="l1, l2, bn, taylor or random.", rich_help_panel=HOW)
    ] = None,
    ranking: Annotated[
        str | None,
        typer.Option(help="layer: each gives its share. global: all compete.", rich_help_panel=HOW),
    ] = None,
    round_to: Annotated[
        int | None, typer.Option(help="Widths are multiples of this; 8.", rich_help_panel=HOW)
    ] = None,
    steps: Annotated[
        int, typer.Option(min=1, help="Rounds of removing and fine-tuning.", rich_help_panel=HOW)
    ] = 1,
    on: Annotated[
        str | None,
        typer.Option(
            help="Where latency is measured: local, ssh://user@host, adb:SERIAL.",
            rich_help_panel=HOW,
        ),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="To measure latency with; 1.", rich_help_panel=HOW)
    ] = None,
    schedule: Annotated[
        str | None,
        typer.Option(help="Of zeros: polynomial or constant (TF-MOT's).", rich_help_panel=HOW),
    ] = None,
    train: Annotated[
        Path | None,
        typer.Option(help="Image set to fine-tune on; labels add to it.", rich_help_panel=TRAINING),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Its labels.csv (file,label).", rich_help_panel=TRAINING)
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Passes over the images; 10.", rich_help_panel=TRAINING)
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Images in a step; 64.", rich_help_panel=TRAINING)
    ] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(help="At the start, falling along a cosine; 0.001.", rich_help_panel=TRAINING),
    ] = None,
    teacher_weight: Annotated[
        float | None,
        typer.Option(
            help="Share of the original's answers in the loss; 0.9.", rich_help_panel=TRAINING
        ),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(help="Softens both models' answers; 4.", rich_help_panel=TRAINING),
    ] = None,
    feature_weight: Annotated[
        float | None,
        typer.Option(help="Of the last feature map in the loss; 0.", rich_help_panel=TRAINING),
    ] = None,
    augmentation: Annotated[
        str | None,
        typer.Option(help="none, flip or flip-shift (the default).", rich_help_panel=TRAINING),
    ] = None,
    held_out: Annotated[
        float | None,
        typer.Option(help="Share to choose the best epoch by; 0.1.", rich_help_panel=TRAINING),
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(help="Stop after so many epochs without gain.", rich_help_panel=TRAINING),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of everything random; 0.", rich_help_panel=TRAINING)
    ] = None,
    checkpoints: Annotated[
        Path | None,
        typer.Option(
            help="Folder; the same command continues what it holds.", rich_help_panel=TRAINING
        ),
    ] = None,
    preprocess: Preprocess = None,
    mean: Mean = None,
    std: Std = None,
    fit: Fit = None,
    crop_fraction: CropFraction = None,
    color: Color = None,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> None:
    """Remove channels from a Keras model, and fine-tune it on the original's answers.

    The result is a smaller .keras file, to be converted like any other. Without --train nothing
    is trained, and accuracy is lost.

    Exits with 2 when options do not fit together, 4 for bad images, 5 for a model that cannot be
    pruned, 7 when the target cannot be reached.
    """
    from edgevision.compress.run import predict_file, prune_file, require_tensorflow

    require_tensorflow()
    plan = plan_of(
        shares={"channels": channels, "macs": macs, "params": params, "latency": latency},
        sparsity=sparsity,
        two_of_four=two_of_four,
        choosing={
            "importance": importance,
            "ranking": ranking,
            "round_to": round_to,
            "keep": tuple(keep) if keep else None,
        },
        schedule=schedule,
        dry_run=dry_run,
    )
    weights = {
        "teacher": teacher_weight,
        "temperature": temperature,
        "features": feature_weight,
    }
    settings = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "augmentation": augmentation,
        "held_out": held_out,
        "patience": patience,
        "seed": seed,
    }
    learning = learning_of(
        train,
        labels,
        weights=weights,
        settings=settings,
        preprocessing={
            "preprocess": preprocess,
            "mean": mean,
            "std": std,
            "fit": fit,
            "crop_fraction": crop_fraction,
            "color": color,
        },
    )
    measures_latency = latency is not None
    refuse_unused(
        {
            "--on": on is not None and not measures_latency,
            "--threads": threads is not None and not measures_latency,
            "--checkpoints": checkpoints is not None and learning is None,
            "--steps": steps > 1 and (sparsity is not None or two_of_four),
            "--output": output is not None and dry_run,
            "--train": train is not None and dry_run,
        }
    )
    with console.progress_bar() as progress:
        if dry_run:
            report = predict_file(model, plan, progress=progress)  # type: ignore[arg-type] # plan_of
        else:
            say_what_zeros_are_worth(plan)
            latency_ms = None
            if measures_latency:
                from edgevision.pipeline.candidate_latency import int8_latency_ms

                latency_ms = int8_latency_ms(
                    target=on or "local", threads=threads or 1, progress=progress
                )
            written = output or model.with_name(f"{model.stem}-pruned.keras")
            report = prune_file(
                model,
                written,
                plan,
                learning=learning,
                steps=steps,
                checkpoints=checkpoints,
                latency_ms=latency_ms,
                overwrite=overwrite,
                progress=progress,
            )
    if as_json:
        console.print_json(document(report, None if dry_run else written))
    elif dry_run:
        render_ladder(report, plan)  # type: ignore[arg-type] # plan_of refuses zeros
    else:
        render_result(report, written)
