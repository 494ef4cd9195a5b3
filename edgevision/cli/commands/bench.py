"""`edgevision bench`: latency, size, memory and accuracy of `.tflite` files, side by side."""

from pathlib import Path
from typing import Annotated

import typer

from edgevision.cli import console
from edgevision.cli.options import common as options
from edgevision.cli.options.groups import spread_groups
from edgevision.cli.options.preprocessing import PreprocessingOptions
from edgevision.cli.show import bench_tables
from edgevision.errors import UsageError


@spread_groups
def bench(
    models: Annotated[list[Path], typer.Argument(help="Models (.tflite); the first is the base.")],
    *,
    data: Annotated[
        Path | None, typer.Option(help="Image set: adds accuracy and agreement with the first.")
    ] = None,
    labels: options.Labels = None,
    task: options.Task = None,
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
    from edgevision.api.bench import bench as run

    with console.progress_bar() as progress:
        result = run(
            *models,
            data=data,
            labels=labels,
            task=task,
            preprocessing=preprocessing.given(),
            threads=_numbers(threads),
            runtime=runtime.split(","),
            delegate=delegate or (),
            per_op=per_op,
            minutes=minutes,
            on=on or "local",
            provision=provision,
            ssh_config=ssh_config,
            benchmark_model=benchmark_model,
            app=app,
            budget=budget,
            junit=junit,
            rounds=rounds,
            seconds=seconds,
            output=output,
            overwrite=overwrite,
            progress=progress,
            notify=console.notify,
        )
    if as_json:
        console.print_text(result.to_json())
    else:
        bench_tables.render(result)
    for failure in result.failures[1:]:
        console.error(str(failure), failure.hint)
    result.raise_if_failed()
    result.raise_if_missed()


def _numbers(text: str) -> tuple[int, ...]:
    try:
        numbers = tuple(int(word) for word in text.split(","))
    except ValueError:
        numbers = ()
    if not numbers or min(numbers) < 1:
        message = f"--threads takes numbers from 1 on, separated by commas; got {text!r}"
        raise UsageError(message)
    return numbers
