"""`prune`: a Keras model with fewer channels, fine-tuned; or with weights at zero."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgevision.api.arguments.device import place
from edgevision.api.arguments.messages import Messages, Notify, unheard
from edgevision.api.arguments.preprocessing import PreprocessingLike
from edgevision.api.arguments.pruning import learning, pruning_plan
from edgevision.api.arguments.unused import refuse_below_one, refuse_unused
from edgevision.api.html import card
from edgevision.compress.masking.plan import MaskingPlan
from edgevision.compress.plan import PruningPlan
from edgevision.compress.report import PruneReport, Totals
from edgevision.compress.run import predict_file, prune_file, require_tensorflow
from edgevision.progress import Progress, silent
from edgevision.quantities import megabytes
from edgevision.serialization.encode import to_plain


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneResult:
    """The smaller model, or what a dry run predicts of it."""

    file: Path | None
    """The `.keras` file; None after a dry run."""
    plan: PruningPlan | MaskingPlan
    report: PruneReport
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON values: what `edgevision prune --json` prints."""
        size = None if self.file is None else self.file.stat().st_size
        path = None if self.file is None else str(self.file)
        return {"output": path, "size_bytes": size, **to_plain(self.report)}

    def _repr_html_(self) -> str:
        shares = [f"{100 * share:.0f} % less" for share in self.report.fractions]
        rows = [_row("before", self.report.before)]
        rows += [_row(share, left) for share, left in zip(shares, self.report.after, strict=True)]
        table = (("", "parameters", "multiply-adds", "int8 file (expected)"), rows)
        title = "what pruning would come to" if self.file is None else str(self.file)
        return card(title, table, remarks=self.notes, warnings=self.warnings)


def _row(name: str, totals: Totals) -> tuple[str, ...]:
    work = f"{totals.macs / 1e6:,.1f} M"
    return name, f"{totals.parameters:,}", work, megabytes(totals.int8_bytes)


def prune(
    model: str | Path,
    *,
    channels: float | None = None,
    macs: float | None = None,
    params: float | None = None,
    latency: float | None = None,
    sparsity: float | None = None,
    two_of_four: bool = False,
    dry_run: bool = False,
    keep: Sequence[str] | None = None,
    importance: str | None = None,
    ranking: str | None = None,
    round_to: int | None = None,
    steps: int = 1,
    threads: int | None = None,
    schedule: str | None = None,
    on: str | None = None,
    ssh_config: str | Path | None = None,
    benchmark_model: str | Path | None = None,
    train: str | Path | None = None,
    labels: str | Path | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    teacher_weight: float | None = None,
    temperature: float | None = None,
    feature_weight: float | None = None,
    augmentation: str | None = None,
    held_out: float | None = None,
    patience: int | None = None,
    seed: int | None = None,
    checkpoints: str | Path | None = None,
    preprocessing: PreprocessingLike | None = None,
    output: str | Path | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
    notify: Notify = unheard,
) -> PruneResult:
    """Remove channels from a Keras model, and fine-tune it on the original's answers.

    Args:
        model: a `.keras` or `.h5` file.
        channels: share of every layer's channels to remove, such as 0.5.
        macs: share of the multiply-adds to remove instead.
        params: share of the parameters to remove instead.
        latency: share of the measured int8 latency to remove instead.
        sparsity: share of weights to set to zero instead.
        two_of_four: set 2 weights in 4 to zero instead.
        dry_run: predict for several shares; write nothing.
        keep: names or patterns of layers that stay as wide.
        importance: "l1", "l2", "bn", "taylor" or "random".
        ranking: "layer": each gives its share. "global": all compete.
        round_to: widths are multiples of this; 8.
        steps: rounds of removing and fine-tuning.
        threads: to measure latency with; 1.
        schedule: of zeros: "polynomial" or "constant".
        on: where latency is measured: "local", "ssh://user@host" or "adb:SERIAL".
        ssh_config: for ssh, as its -F.
        benchmark_model: TFLite's native tool, for adb.
        train: path of the image set to fine-tune on; labels add to it.
        labels: its labels.csv.
        epochs: passes over the images; 10.
        batch_size: images in a step; 64.
        learning_rate: at the start, falling along a cosine; 0.001.
        teacher_weight: share of the original's answers in the loss; 0.9.
        temperature: softens both models' answers; 4.
        feature_weight: of the last feature map in the loss; 0.
        augmentation: "none", "flip" or "flip-shift".
        held_out: share of the images to choose the best epoch by; 0.1.
        patience: stop after so many epochs without gain.
        seed: of everything random; 0.
        checkpoints: folder; the same call continues what it holds.
        preprocessing: how the training images become input.
        output: the `.keras` file to write; MODEL-pruned.keras unless given.
        overwrite: replace it if it is there.
        progress: told of each stage.
        notify: told of notes and warnings as they come; the result has them too.

    Returns:
        The smaller file, and what each layer lost. Without `train` nothing was trained.

    Raises:
        UsageError: the arguments do not fit together, or the file is there.
        MissingDependencyError: TensorFlow is not installed.
        ImageSetError: the training images are bad.
        ModelError: the model cannot be loaded, or nothing in it can be removed.
        DeviceError: the device cannot be used.
        TargetMissedError: so much cannot be removed.

    Example:
        >>> import edgevision as ev
        >>> result = ev.prune("model.keras", macs=0.5, dry_run=True, round_to=2)
        >>> result.report.before.parameters > result.report.after[0].parameters
        True
    """
    require_tensorflow()
    messages = Messages(notify=notify)
    choice = {"keep": keep, "importance": importance, "ranking": ranking, "round_to": round_to}
    plan = pruning_plan(
        {"channels": channels, "macs": macs, "params": params, "latency": latency},
        sparsity=sparsity,
        two_of_four=two_of_four,
        choice=choice,
        schedule=schedule,
        dry_run=dry_run,
    )
    training = learning(
        train,
        labels=labels,
        training={
            "epochs": epochs,
            "batch_size": batch_size,
            "learning_rate": learning_rate,
            "augmentation": augmentation,
            "held_out": held_out,
            "patience": patience,
            "seed": seed,
        },
        weights={
            "teacher_weight": teacher_weight,
            "temperature": temperature,
            "feature_weight": feature_weight,
        },
        preprocessing=preprocessing,
    )
    if train is None:
        refuse_unused({"checkpoints": checkpoints}, without="--train")
    if latency is None:
        of_device = {"on": on, "ssh_config": ssh_config, "benchmark_model": benchmark_model}
        refuse_unused({**of_device, "threads": threads}, without="--latency")
    refuse_below_one("threads", threads)
    refuse_below_one("steps", steps)
    if isinstance(plan, MaskingPlan):
        refuse_unused({"steps": steps > 1})
    if dry_run:
        refuse_unused({"output": output, "train": train})
    source, written = Path(model), None
    if dry_run:
        report = predict_file(source, plan, progress=progress)  # type: ignore[arg-type] # no zeros
    else:
        if isinstance(plan, MaskingPlan):
            # Before hours of training.
            messages.note(_WHAT_ZEROS_ARE_WORTH)
        latency_ms = None
        if latency is not None:
            from edgevision.pipeline.candidate_latency import int8_latency_ms

            _, access = place(on, ssh_config=ssh_config, benchmark_model=benchmark_model)
            latency_ms = int8_latency_ms(
                target=on or "local", threads=threads or 1, access=access, progress=progress
            )
        written = source.with_name(f"{source.stem}-pruned.keras")
        written = written if output is None else Path(output)
        report = prune_file(
            source,
            written,
            plan,
            learning=training,
            steps=steps,
            checkpoints=None if checkpoints is None else Path(checkpoints),
            latency_ms=latency_ms,
            overwrite=overwrite,
            progress=progress,
        )
    for warning in report.warnings:
        messages.warn(warning)
    return PruneResult(
        file=written,
        plan=plan,
        report=report,
        notes=tuple(messages.notes),
        warnings=tuple(messages.warnings),
    )


_WHAT_ZEROS_ARE_WORTH = (
    "zeros make the .tflite no smaller and int8 on XNNPACK no faster: they pay in files "
    "that travel compressed, and on hardware that skips them. --channels removes for real."
)
