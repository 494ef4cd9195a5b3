"""`edgevision camera`: watch a camera with a model, for weeks."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgevision.cli import console

if TYPE_CHECKING:
    import threading

    from edgevision.camera.assemble import Request


def camera(
    model: Annotated[
        Path | None,
        typer.Argument(help="A .tflite; left out, the one here or in edgevision.toml."),
    ] = None,
    *,
    source: Annotated[
        str | None,
        typer.Option(
            help="picamera:0, rpicam:0, v4l2:/dev/video0, rtsp://..., http://..., "
            "file:clip.mp4, images:folder, synthetic:640x480@30; left out, the camera found."
        ),
    ] = None,
    size: Annotated[str, typer.Option(help="Asked of the camera: 1280x720.")] = "",
    fps: Annotated[float, typer.Option(min=0, help="Asked of the camera; 0 is its own.")] = 0.0,
    rotate: Annotated[int, typer.Option(help="Turn clockwise by 0, 90, 180 or 270 degrees.")] = 0,
    flip: Annotated[bool, typer.Option(help="Mirror left and right.")] = False,
    every_frame: Annotated[
        bool | None,
        typer.Option("--every-frame/--latest", help="All in order (files), newest (cameras)."),
    ] = None,
    labels: Annotated[Path | None, typer.Option(help="Class names, one a line.")] = None,
    preprocess: Annotated[
        str | None, typer.Option(help="Preset instead of the card's: raw, unit, imagenet-tf...")
    ] = None,
    fit: Annotated[
        str | None, typer.Option(help="stretch, center-crop or letterbox, not the card's.")
    ] = None,
    runtime: Annotated[
        str, typer.Option(help="auto, litert, tflite-runtime, tensorflow.")
    ] = "auto",
    threads: Annotated[
        int, typer.Option(min=0, help="For the model; 0 is all usable CPUs but one.")
    ] = 0,
    top_k: Annotated[int, typer.Option(min=1, help="Answers reported per frame.")] = 5,
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="Answers below this are not reported.")
    ] = 0.1,
    on: Annotated[float, typer.Option(min=0, max=1, help="A label holds from this score.")] = 0.5,
    off: Annotated[float, typer.Option(min=0, max=1, help="... until it is below this.")] = 0.4,
    smooth: Annotated[str, typer.Option(help="none, ema:0.8, or 3/5 (of five frames).")] = "none",
    output: Annotated[
        list[str] | None,
        typer.Option("-o", "--output", help="jsonl, jsonl:PATH, mqtt://host/topic; repeatable."),
    ] = None,
    http: Annotated[
        str | None, typer.Option(help="Serve picture, results, health, metrics: 127.0.0.1:8080.")
    ] = None,
    viewers: Annotated[int, typer.Option(min=1, help="At most so many at a time.")] = 4,
    save_on: Annotated[
        list[str] | None,
        typer.Option(help="Keep frames: LABEL>=0.6, any>=0.9, unsure<0.4, every:60."),
    ] = None,
    save_to: Annotated[Path, typer.Option(help="Folder of kept frames.")] = Path("captures"),
    save_limit: Annotated[int, typer.Option(min=1, help="Frames kept; the oldest go.")] = 1000,
    show: Annotated[bool, typer.Option(help="Open a window (needs opencv-python).")] = False,
    frames: Annotated[int | None, typer.Option(min=1, help="Stop after so many results.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0, help="Stop after so long.")] = None,
    stall_timeout: Annotated[
        float, typer.Option(min=0.5, help="Seconds without a frame until the source is reopened.")
    ] = 5.0,
    open_timeout: Annotated[
        float, typer.Option(min=0.5, help="Seconds the source may take to open.")
    ] = 10.0,
    max_reconnects: Annotated[
        int | None, typer.Option(min=0, help="Give up after so many; never by default.")
    ] = None,
    keep_trying: Annotated[
        bool, typer.Option(help="Wait for a source that is not there at the start.")
    ] = False,
    install_service: Annotated[
        bool, typer.Option(help="Print a systemd unit for this command line, and stop.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document, the figures of the run, at the end.")
    ] = False,
) -> None:
    """Look at every new frame with a model, until Ctrl-C.

    Exits with 0 when stopped or at the end of a file, 2 for a wrong line, 3 for a missing package,
    5 for a bad model, 6 when the camera cannot be used.
    """
    from edgevision.camera.assemble import Request

    request = Request(
        model=model,
        source=source,
        size=size,
        fps=fps,
        rotate=rotate,
        flip=flip,
        every_frame=every_frame,
        labels=labels,
        preprocess=preprocess,
        fit=fit,
        runtime=runtime,
        threads=threads,
        top_k=top_k,
        threshold=threshold,
        on=on,
        off=off,
        smooth=smooth,
        outputs=tuple(output or ()),
        http=http,
        viewers=viewers,
        save_on=tuple(save_on or ()),
        save_to=save_to,
        save_limit=save_limit,
        show=show,
        frames=frames,
        seconds=seconds,
        stall_timeout=stall_timeout,
        open_timeout=open_timeout,
        max_reconnects=max_reconnects,
        keep_trying=keep_trying,
        as_json=as_json,
    )
    if install_service:
        _print_unit(request)
    else:
        _run(request)


def _print_unit(request: "Request") -> None:
    import getpass
    import sys

    from edgevision.camera.assemble import words_of
    from edgevision.camera.systemd import unit_text

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


def _run(request: "Request") -> None:
    import os
    import sys
    import threading

    from edgevision.camera.assemble import build_loop
    from edgevision.camera.status import status_to_dict
    from edgevision.camera.terminal import terminal_sink
    from edgevision.errors import EdgeVisionError

    stop = threading.Event()
    _stop_on_signals(stop)
    loop = build_loop(request, stop=stop, folder=Path.cwd())
    if sys.stderr.isatty() and not console.settings.quiet:
        loop.add_sink(terminal_sink(sys.stderr, loop.status))
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
