"""`edgevision bench`: latency, size, memory and accuracy of `.tflite` files, side by side."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgevision.cli import console
from edgevision.cli.options import common as options
from edgevision.cli.options.access import access_for
from edgevision.cli.options.groups import spread_groups
from edgevision.cli.options.photos import usage_told
from edgevision.cli.options.preprocessing import PreprocessingOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgevision.bench.measure import BenchJob
    from edgevision.bench.remote.dispatch import Access
    from edgevision.bench.remote.target import Target
    from edgevision.bench.results.evaluation import Evaluation
    from edgevision.bench.results.result import Result
    from edgevision.bench.timing.case import Case
    from edgevision.errors import DeviceError


@spread_groups
def bench(
    models: Annotated[list[Path], typer.Argument(help="Models (.tflite); the first is the base.")],
    *,
    data: Annotated[
        Path | None, typer.Option(help="Image set: adds accuracy and agreement with the first.")
    ] = None,
    labels: options.Labels = None,
    preprocessing: PreprocessingOptions,
    threads: Annotated[str, typer.Option(help="Interpreter threads; 1,2,4 sweeps.")] = "1",
    runtime: Annotated[
        str, typer.Option(help="auto, litert, tflite-runtime, tensorflow; a list compares.")
    ] = "auto",
    delegate: Annotated[
        list[Path] | None, typer.Option(help="Library of a TFLite external delegate.")
    ] = None,
    per_op: Annotated[
        bool, typer.Option("--per-op", help="Also the time of each operation.")
    ] = False,
    minutes: Annotated[
        float, typer.Option(min=0, help="Also run each model this long: heat, clock, throttling.")
    ] = 0.0,
    on: Annotated[
        list[str] | None,
        typer.Option(
            help="local, ssh://user@host:port/python (the last two as needed), adb:SERIAL;"
            " repeatable."
        ),
    ] = None,
    provision: Annotated[
        bool, typer.Option("--provision", help="Make a venv with a runtime on ssh targets first.")
    ] = False,
    ssh_config: Annotated[Path | None, typer.Option(help="For ssh, as its -F.")] = None,
    benchmark_model: Annotated[
        Path | None, typer.Option(help="TFLite's native tool for adb targets.")
    ] = None,
    app: Annotated[
        bool, typer.Option("--app", help="On adb targets measure with the demo app there.")
    ] = False,
    budget: Annotated[
        Path | None, typer.Option(help="Limits (TOML); exit 7 when one is missed.")
    ] = None,
    junit: Annotated[Path | None, typer.Option(help="Write the budget's checks as JUnit.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Fresh starts of every model.")] = 10,
    seconds: Annotated[float, typer.Option(min=0, help="Timed running per model.")] = 2.0,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the result (JSON) here.")
    ] = None,
    overwrite: options.Overwrite = False,
    as_json: options.Json = False,
) -> None:
    """Measure models in turns, here or on other machines: p50, p90, p95, p99, memory, accuracy.

    Exits with 3 without a runtime, 4 for bad images, 5 for a bad model, 6 for a machine that
    cannot be used, 7 for a missed budget.
    """
    from edgevision.bench.measure import BenchJob
    from edgevision.bench.remote.target import parse_target
    from edgevision.bench.results.budget import read_budget
    from edgevision.bench.results.result import to_document
    from edgevision.bench.timing.case import cases_for
    from edgevision.bench.timing.plan import TimingPlan
    from edgevision.files import refuse_to_replace, write_text
    from edgevision.serialization.json_text import to_json

    if junit is not None and budget is None:
        from edgevision.errors import UsageError

        message = "--junit reports the checks of a budget; there is none"
        raise UsageError(message, hint="add --budget budget.toml")
    for path in (output, junit):
        if path is not None:
            refuse_to_replace(path, overwrite=overwrite)
    limits = read_budget(budget) if budget else None
    targets = [parse_target(text) for text in on or ["local"]]
    job = BenchJob(
        cases=cases_for(
            models, threads=_numbers(threads), runtimes=runtime.split(","), delegates=delegate or ()
        ),
        plan=TimingPlan(rounds=rounds, seconds=seconds),
        per_operation=per_op,
        sustained_seconds=60 * minutes,
    )
    access = access_for(
        targets, ssh_config, provision=provision, benchmark_model=benchmark_model, app=app
    )
    evaluation = _evaluation(data, labels, preprocessing, job.cases)
    results, failures = _measure(targets, job, access, evaluation)
    text = to_json(to_document(results), indent=2)
    if output is not None:
        write_text(output, text, overwrite=overwrite)
        console.note(f"wrote {output}")
    if as_json:
        console.print_text(text)
    else:
        for result in results:
            render(result)
        if len(results) > 1:
            render_machines(results)
    for failure in failures[1:]:
        console.error(str(failure), failure.hint)
    if failures:
        raise failures[0]
    if limits is not None:
        from edgevision.cli.options.budget import enforce

        enforce(limits, results, junit=junit, overwrite=overwrite)


def render(result: "Result") -> None:
    """One machine's result as tables on stdout, and its warnings on stderr."""
    from edgevision.bench.results.tables import all_tables, sentences

    host = result.host
    machine = f"{host.title}, {host.architecture}, {host.usable_cpus} usable CPUs, {host.os}"
    console.print_text(machine if result.target == "local" else f"{result.target}: {machine}")
    for header, rows in all_tables(result):
        table = console.new_table(*header)
        for row in rows:
            table.add_row(*row)
        console.print_table(table)
    for sentence in sentences(result):
        console.print_text(sentence)
    for warning in result.warnings:
        console.warn(warning)
    for measured in result.models:
        for warning in measured.warnings:
            console.warn(f"{measured.name}: {warning}")


def render_machines(results: "Sequence[Result]") -> None:
    """All machines in one table."""
    from edgevision.bench.results.tables import machine_rows

    header, rows = machine_rows(results)
    table = console.new_table(*header)
    for row in rows:
        table.add_row(*row)
    console.print_table(table)


def _measure(
    targets: "Sequence[Target]", job: "BenchJob", access: "Access", evaluation: "Evaluation | None"
) -> "tuple[list[Result], list[DeviceError]]":
    from edgevision.bench.remote.dispatch import measure_at
    from edgevision.bench.results.evaluation import evaluate_cases, with_accuracy
    from edgevision.errors import DeviceError

    results: list[Result] = []
    failures: list[DeviceError] = []
    with console.progress_bar() as progress:
        accuracies = None
        if evaluation is not None:
            # First: a model that is no classifier is found before minutes of measuring.
            accuracies = evaluate_cases(job.cases, evaluation, progress=progress)
        for target in targets:
            try:
                result = measure_at(target, job, access, progress=progress)
            except DeviceError as error:
                # What the other machines found is not thrown away.
                failures.append(error)
                continue
            if evaluation is not None and accuracies is not None:
                result = with_accuracy(result, accuracies, evaluation)
            results.append(result)
    if not results:
        raise failures[0]
    return results, failures


def _evaluation(
    data: Path | None,
    labels: Path | None,
    preprocessing: PreprocessingOptions,
    cases: "Sequence[Case]",
) -> "Evaluation | None":
    """The images, and how each model wants them: known before minutes of measuring, not after.

    Raises:
        UsageError: an option says how to use images, and there are none.
    """
    from dataclasses import asdict

    from edgevision.bench.results.evaluation import Evaluation
    from edgevision.dataset.formats.open_set import open_image_set

    if data is None:
        options.refuse_unused({"labels": labels, **asdict(preprocessing)}, without="--data")
        return None
    declared = preprocessing.declared()
    usages = {case.model: usage_told(Path(str(case.model)), declared) for case in cases}
    names = usages[cases[0].model].labels
    return Evaluation(
        images=open_image_set(data, labels=labels, class_names=names),
        classes=names,
        preprocessing_of=lambda case: usages[case.model].preprocessing,
    )


def _numbers(text: str) -> tuple[int, ...]:
    from edgevision.errors import UsageError

    try:
        numbers = tuple(int(word) for word in text.split(","))
    except ValueError:
        numbers = ()
    if not numbers or min(numbers) < 1:
        message = f"--threads takes numbers from 1 on, separated by commas; got {text!r}"
        raise UsageError(message)
    return numbers
