"""`bench`: latency, size, memory and accuracy of `.tflite` files, side by side, on any machine."""

from collections.abc import Sequence
from pathlib import Path

from edgevision.api.arguments.device import access_for
from edgevision.api.arguments.images import ImagesLike, image_set
from edgevision.api.arguments.messages import Messages, Notify, unheard
from edgevision.api.arguments.preprocessing import (
    PreprocessingLike,
    declared_preprocessing,
    model_io,
    options_of,
)
from edgevision.api.arguments.task import declared_task
from edgevision.api.arguments.unused import refuse_unused
from edgevision.api.bench_result import BenchResult
from edgevision.bench.measure import BenchJob
from edgevision.bench.remote.dispatch import Access, measure_at
from edgevision.bench.remote.target import Target, parse_target
from edgevision.bench.results.budget import Check, ModelLimits, check_budget, read_budget
from edgevision.bench.results.evaluate_cases import EvaluationPlan, evaluate_cases, with_quality
from edgevision.bench.results.junit import to_junit
from edgevision.bench.results.result import BenchRun, to_document
from edgevision.bench.timing.case import Case, cases_for
from edgevision.bench.timing.plan import TimingPlan
from edgevision.errors import DeviceError, EdgeVisionError, UsageError
from edgevision.files import refuse_to_replace, write_text
from edgevision.progress import Progress, silent
from edgevision.serialization.json_text import to_json


def bench(
    *models: str | Path,
    data: ImagesLike | None = None,
    labels: str | Path | None = None,
    task: str | None = None,
    preprocessing: PreprocessingLike | None = None,
    threads: int | Sequence[int] = 1,
    runtime: str | Sequence[str] = "auto",
    delegate: Sequence[str | Path] = (),
    per_op: bool = False,
    minutes: float = 0.0,
    on: str | Sequence[str] = "local",
    provision: bool = False,
    ssh_config: str | Path | None = None,
    benchmark_model: str | Path | None = None,
    app: bool = False,
    budget: str | Path | None = None,
    junit: str | Path | None = None,
    rounds: int = 10,
    seconds: float = 2.0,
    output: str | Path | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
    notify: Notify = unheard,
) -> BenchResult:
    """Measure models in turns, here or on other machines: p50, p90, p95, p99, memory, accuracy.

    Args:
        models: `.tflite` files; the first is what the others are compared with.
        data: labelled photos add accuracy, and agreement with the first.
        labels: their labels.csv (file,label), or class names one a line.
        task: what the outputs mean, in place of what the first model's card or file says:
            "classification", "multilabel", "detection", "tensors", or an installed package's.
        preprocessing: how their pixels become input, in place of what each model's card says.
        threads: of the interpreter; several are a sweep.
        runtime: "auto", "litert", "tflite-runtime" or "tensorflow"; several are compared.
        delegate: libraries of TFLite external delegates.
        per_op: also the time of each operation.
        minutes: also run each model this long: heat, clock, throttling.
        on: "local", "ssh://user@host:port/python" or "adb:SERIAL"; or several.
        provision: make a venv with a runtime on ssh targets first.
        ssh_config: for ssh, as its -F.
        benchmark_model: TFLite's native tool for adb targets.
        app: on adb targets measure with the demo app there.
        budget: a TOML file of limits to check.
        junit: write the budget's checks here, as JUnit.
        rounds: fresh starts of every model.
        seconds: timed running per model.
        output: write the document (JSON) here.
        overwrite: replace what is there.
        progress: told of each stage.
        notify: told of notes and warnings as they come; the result has them too.

    Returns:
        A result a machine. One out of reach does not cost the others' results: `raise_if_failed`
        tells, and `raise_if_missed` whether the budget is kept.

    Raises:
        UsageError: the arguments do not fit together, or a file is there.
        MissingDependencyError: no runtime works here.
        ImageSetError: the images are bad.
        ModelError: a model is damaged, or the runtime refuses it.
        DeviceError: no machine could be reached.

    Example:
        >>> import edgevision as ev
        >>> result = ev.bench("float32.tflite", "int8.tflite", rounds=6, seconds=0.1)
        >>> [one.name for one in result.results[0].models]
        ['float32', 'int8']
        >>> result.results[0].models[1].latency.summary.p50_ms > 0
        True
    """
    messages = Messages(notify=notify)
    if not models:
        raise UsageError("give one or more .tflite files to measure")
    if junit is not None and budget is None:
        message = "--junit reports the checks of a budget; there is none"
        raise UsageError(message, hint="add --budget budget.toml")
    for path in (output, junit):
        if path is not None:
            refuse_to_replace(Path(path), overwrite=overwrite)
    limits = () if budget is None else read_budget(Path(budget))
    targets = [parse_target(text) for text in ([on] if isinstance(on, str) else on)]
    job = BenchJob(
        cases=cases_for(
            [Path(model) for model in models],
            threads=_threads(threads),
            runtimes=[runtime] if isinstance(runtime, str) else runtime,
            delegates=[Path(library) for library in delegate],
        ),
        plan=TimingPlan(rounds=rounds, seconds=seconds),
        per_operation=per_op,
        sustained_seconds=60 * minutes,
    )
    access = access_for(
        targets,
        ssh_config=ssh_config,
        provision=provision,
        benchmark_model=benchmark_model,
        app=app,
    )
    evaluation = _evaluation(
        data, job.cases, messages, labels=labels, task=task, preprocessing=preprocessing
    )
    results, failures = _measure(targets, job, access, evaluation, progress)
    if output is not None:
        write_text(Path(output), to_json(to_document(results), indent=2), overwrite=overwrite)
        messages.note(f"wrote {output}")
    checks: tuple[Check, ...] = ()
    if limits and not failures:
        try:
            checks = _check(limits, results, junit, messages, overwrite=overwrite)
        except UsageError as error:
            # What was measured for minutes is not thrown away either.
            failures.append(error)
    return BenchResult(
        results=results,
        failures=tuple(failures),
        checks=checks,
        notes=tuple(messages.notes),
        warnings=tuple(messages.warnings),
    )


def _threads(given: int | Sequence[int]) -> tuple[int, ...]:
    numbers = (given,) if isinstance(given, int) else tuple(given)
    if not numbers or min(numbers) < 1:
        raise UsageError(f"threads are numbers from 1 on, got {given}")
    return numbers


def _evaluation(
    data: ImagesLike | None,
    cases: Sequence[Case],
    messages: Messages,
    *,
    labels: str | Path | None,
    task: str | None,
    preprocessing: PreprocessingLike | None,
) -> EvaluationPlan | None:
    """The images, and how each model wants them: known before minutes of measuring, not after.

    Raises:
        UsageError: an argument says how to use images, and there are none.
    """
    if data is None:
        refuse_unused(
            {"labels": labels, "task": task, **options_of(preprocessing)}, without="--data"
        )
        return None
    declared = declared_preprocessing(preprocessing)
    known = {case.model: model_io(Path(str(case.model)), declared, messages) for case in cases}
    first = known[cases[0].model]
    return EvaluationPlan(
        images=image_set(data, messages, labels=labels, class_names=first.labels),
        preprocessing_of=lambda case: known[case.model].preprocessing,
        declared=declared_task(task),
        card=first.task,
    )


def _measure(
    targets: Sequence[Target],
    job: BenchJob,
    access: Access,
    evaluation: EvaluationPlan | None,
    progress: Progress,
) -> tuple[tuple[BenchRun, ...], list[EdgeVisionError]]:
    results: list[BenchRun] = []
    failures: list[EdgeVisionError] = []
    qualities = None
    if evaluation is not None:
        # First: a model that does not fit its task is found before minutes of measuring.
        qualities = evaluate_cases(job.cases, evaluation, progress=progress)
    for target in targets:
        try:
            result = measure_at(target, job, access, progress=progress)
        except DeviceError as error:
            # What the other machines found is not thrown away.
            failures.append(error)
            continue
        if qualities is not None:
            result = with_quality(result, qualities)
        results.append(result)
    if not results:
        raise failures[0]
    return tuple(results), failures


def _check(
    limits: Sequence[ModelLimits],
    results: Sequence[BenchRun],
    junit: str | Path | None,
    messages: Messages,
    *,
    overwrite: bool,
) -> tuple[Check, ...]:
    checks = check_budget(limits, results)
    if junit is not None:
        write_text(Path(junit), to_junit(checks), overwrite=overwrite)
        messages.note(f"wrote {junit}")
    if all(check.is_kept for check in checks):
        messages.note(f"all {len(checks)} limits of the budget are kept")
    return checks
