"""`edgevision camera`: watch a camera with a model, for weeks."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgevision.cli import console
from edgevision.cli.options.camera import (
    AnswerOptions,
    ModelOptions,
    RecorderOptions,
    SourceOptions,
)
from edgevision.cli.options.groups import spread_groups
from edgevision.cli.options.preprocessing import PreprocessingOptions

if TYPE_CHECKING:
    import threading

    from edgevision.camera.assemble import CameraRequest


@spread_groups
def camera(
    model: Annotated[
        Path | None,
        typer.Argument(help="A .tflite; left out, the one here or in edgevision.toml."),
    ] = None,
    *,
    source: SourceOptions,
    running: ModelOptions,
    preprocessing: PreprocessingOptions,
    answers: AnswerOptions,
    recorder: RecorderOptions,
    frames: Annotated[int | None, typer.Option(min=1, help="Stop after so many results.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0, help="Stop after so long.")] = None,
    install_service: Annotated[
        bool,
        typer.Option(
            "--install-service", help="Print a systemd unit for this command line, and stop."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document, the figures of the run, at the end.")
    ] = False,
) -> None:
    """Look at every new frame with a model, until Ctrl-C.

    Preprocessing is what the model's card says. An option given here replaces it, but not the
    normalization of a quantized input: those integers stand for what they were made to.

    Exits with 0 when stopped or at the end of a file, 2 for a wrong line, 3 for a missing package,
    5 for a bad model, 6 when the camera cannot be used.
    """
    from edgevision.camera.assemble import CameraRequest

    request = CameraRequest(
        model=model,
        source=source.source,
        size=source.size,
        fps=source.fps,
        rotate=source.rotate,
        flip=source.flip,
        every_frame=source.every_frame,
        labels=running.labels,
        task=running.task,
        preprocess=preprocessing.preprocess,
        mean=preprocessing.mean,
        std=preprocessing.std,
        fit=preprocessing.fit,
        crop_fraction=preprocessing.crop_fraction,
        color=preprocessing.color,
        runtime=running.runtime,
        threads=running.threads,
        top_k=answers.top_k,
        threshold=answers.threshold,
        on=answers.on,
        off=answers.off,
        smooth=answers.smooth,
        outputs=tuple(answers.output or ()),
        http=answers.http,
        viewers=answers.viewers,
        save_on=tuple(recorder.save_on or ()),
        save_to=recorder.save_to,
        save_limit=recorder.save_limit,
        show=answers.show,
        frames=frames,
        seconds=seconds,
        stall_timeout=source.stall_timeout,
        open_timeout=source.open_timeout,
        max_reconnects=source.max_reconnects,
        keep_trying=source.keep_trying,
        as_json=as_json,
    )
    if install_service:
        _print_unit(request)
    else:
        _run(request)


def _print_unit(request: "CameraRequest") -> None:
    import getpass
    import sys

    from edgevision.camera.assemble import words_of
    from edgevision.camera.outputs.systemd import unit_text

    words = words_of(request)
    if not request.keep_trying:
        # At boot the camera or the network may come up after us.
        words.append("--keep-trying")
    text = unit_text(
        [sys.executable, "-m", "edgevision", "camera", *words],
        folder=Path.cwd(),
        user=getpass.getuser(),
        model=request.model.name if request.model else "the model in this folder",
    )
    console.print_text(text.rstrip("\n"))


def _run(request: "CameraRequest") -> None:
    import os
    import sys
    import threading

    from edgevision.camera.assemble import build_loop
    from edgevision.camera.loop.status import status_to_dict
    from edgevision.camera.outputs.terminal import terminal_sink
    from edgevision.errors import EdgeVisionError

    stop = threading.Event()
    _stop_on_signals(stop)
    loop = build_loop(request, stop=stop, folder=Path.cwd())
    if sys.stderr.isatty() and not console.settings.quiet:
        loop.add_sink(terminal_sink(sys.stderr, loop.status))
    for line in loop.plan.notes:
        console.note(line)
    code = 0
    try:
        loop.run(stop)
    except EdgeVisionError as error:
        if loop.has_ended_clean:
            raise
        console.error(str(error), error.hint)
        code = error.exit_code
    status = loop.status()
    if request.as_json:
        console.print_json(status_to_dict(status))
    figures = status.figures
    console.note(
        f"{figures.results} results, {status.dropped} frames dropped, "
        f"age p50 {figures.age_p50_ms:.0f} ms, p95 {figures.age_p95_ms:.0f} ms, "
        f"inference {figures.infer_p50_ms:.1f} ms on {status.runtime}"
        f"{'' if status.xnnpack else ' (XNNPACK is off: slow kernels)'}"
    )
    for sink, count in status.sinks_dropped.items():
        if count:
            console.warn(f"{sink} had no room for {count} results")
    if not loop.has_ended_clean:
        # A thread is stuck in a driver: an orderly exit of Python could wait for it, or crash.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _stop_on_signals(stop: "threading.Event") -> None:
    import signal
    import threading
    from types import FrameType

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, on_signal)
