"""`edgevision bench`: latency, size and accuracy of `.tflite` files, side by side."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgevision.cli import console

if TYPE_CHECKING:
    from edgevision.bench.case import Case
    from edgevision.bench.result import Result
    from edgevision.preprocess.contract import Contract


def bench(
    models: Annotated[
        list[Path], typer.Argument(help="Models (.tflite); ratios are to the first.")
    ],
    *,
    data: Annotated[
        Path | None, typer.Option(help="Image set: adds accuracy and agreement with the first.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="labels.csv (file,label), or class names one a line.")
    ] = None,
    threads: Annotated[str, typer.Option(help="Interpreter threads; 1,2,4 sweeps.")] = "1",
    runtime: Annotated[
        str, typer.Option(help="auto, litert, tflite-runtime, tensorflow; a list compares.")
    ] = "auto",
    delegate: Annotated[
        list[Path] | None, typer.Option(help="Library of a TFLite external delegate.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Fresh starts of every model.")] = 10,
    seconds: Annotated[float, typer.Option(min=0, help="Timed running per model.")] = 2.0,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the result (JSON) here.")
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace the output.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Measure init, first inference and steady latency (p50, p90, p95, p99) of models, in turns.

    Exits with 3 without a runtime, 4 for bad images, 5 for a bad model.
    """
    from edgevision.bench.case import cases_for
    from edgevision.bench.plan import Plan
    from edgevision.bench.result import to_document, to_text
    from edgevision.bench.run import Evaluation, run_bench
    from edgevision.dataset.open_set import open_image_set
    from edgevision.files import refuse_to_replace, write_text

    if output is not None:
        refuse_to_replace(output, overwrite=overwrite)
    cases = cases_for(
        models, threads=_numbers(threads), runtimes=runtime.split(","), delegates=delegate or ()
    )
    evaluation = None
    if data is not None:
        images = open_image_set(data, labels=labels)
        evaluation = Evaluation(images=images, contract_of=_contract_of)
    with console.progress_bar() as progress:
        result = run_bench(
            cases, Plan(rounds=rounds, seconds=seconds), evaluation=evaluation, progress=progress
        )
    text = to_text(to_document(result))
    if output is not None:
        write_text(output, text, overwrite=overwrite)
        console.note(f"wrote {output}")
    if as_json:
        console.print_text(text)
    else:
        render(result)


def render(result: "Result") -> None:
    """The result as tables on stdout."""
    from edgevision.bench.tables import accuracy_rows, latency_rows, sentences, start_rows

    host = result.host
    console.print_text(
        f"{host.title}, {host.architecture}, {host.usable_cpus} usable CPUs, {host.os}"
    )
    for header, rows in (start_rows(result), latency_rows(result), accuracy_rows(result)):
        if rows:
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


def _contract_of(case: "Case") -> "Contract":
    from edgevision.artifact.reading import read_card
    from edgevision.errors import UsageError

    assert isinstance(case.model, Path)  # noqa: S101 - the command line gives paths only
    card = read_card(case.model)
    if card is None:
        message = f"{case.model.name} does not say how it wants its images: it has no model card"
        raise UsageError(
            message, hint="leave out --data, or make the model with edgevision optimize"
        )
    return card.contract
