"""The options of fine-tuning a pruned model on the original's answers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from edgevision.cli.options.groups import option_group


@option_group("Fine-tuning")
@dataclass(frozen=True, slots=True, kw_only=True)
class FineTuningOptions:
    """None where `edgevision.compress.finetune.training` has its own value."""

    train: Annotated[
        Path | None,
        typer.Option(help="Image set to fine-tune on; labels add to it."),
    ] = None
    labels: Annotated[Path | None, typer.Option(help="Its labels.csv (file,label).")] = None
    epochs: Annotated[int | None, typer.Option(help="Passes over the images; 10.")] = None
    batch_size: Annotated[int | None, typer.Option(help="Images in a step; 64.")] = None
    learning_rate: Annotated[
        float | None,
        typer.Option(help="At the start, falling along a cosine; 0.001."),
    ] = None
    teacher_weight: Annotated[
        float | None,
        typer.Option(help="Share of the original's answers in the loss; 0.9."),
    ] = None
    temperature: Annotated[
        float | None,
        typer.Option(help="Softens both models' answers; 4."),
    ] = None
    feature_weight: Annotated[
        float | None,
        typer.Option(help="Of the last feature map in the loss; 0."),
    ] = None
    augmentation: Annotated[
        str | None,
        typer.Option(help="none, flip or flip-shift (the default)."),
    ] = None
    held_out: Annotated[
        float | None,
        typer.Option(help="Share to choose the best epoch by; 0.1."),
    ] = None
    patience: Annotated[
        int | None,
        typer.Option(help="Stop after so many epochs without gain."),
    ] = None
    seed: Annotated[int | None, typer.Option(help="Of everything random; 0.")] = None
    checkpoints: Annotated[
        Path | None,
        typer.Option(help="Folder; the same command continues what it holds."),
    ] = None
