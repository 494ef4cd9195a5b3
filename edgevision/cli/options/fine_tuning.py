"""The options of fine-tuning a pruned model on the original's answers."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgevision.cli.options.common import refuse_unused
from edgevision.cli.options.groups import option_group
from edgevision.cli.options.preprocessing import PreprocessingOptions

if TYPE_CHECKING:
    from edgevision.compress.job import Learning


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

    def learning(self, preprocessing: PreprocessingOptions) -> "Learning | None":
        """What to fine-tune on and how; None without --train.

        Raises:
            UsageError: a value is wrong, would not be used, or the preprocessing is not said.
        """
        from edgevision.compress.finetune.training import Training, Weights
        from edgevision.compress.job import Learning
        from edgevision.preprocess.declared import nothing_declared

        if self.train is None:
            refuse_unused({**asdict(self), **asdict(preprocessing)}, without="--train")
            return None
        declared = preprocessing.declared()
        if not declared.is_complete:
            raise nothing_declared(declared)
        weights = {
            "teacher": self.teacher_weight,
            "temperature": self.temperature,
            "features": self.feature_weight,
        }
        settings = {
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "learning_rate": self.learning_rate,
            "augmentation": self.augmentation,
            "held_out": self.held_out,
            "patience": self.patience,
            "seed": self.seed,
        }
        chosen = {name: value for name, value in settings.items() if value is not None}
        mixed = Weights(**{name: value for name, value in weights.items() if value is not None})
        return Learning(
            images=str(self.train),
            labels=None if self.labels is None else str(self.labels.resolve()),
            preprocessing=declared,
            training=Training(weights=mixed, **chosen),  # type: ignore[arg-type] # it checks
        )
