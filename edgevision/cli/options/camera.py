"""The options of `edgevision camera`, by what they are about."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from edgevision.cli.options.groups import option_group


@option_group("The source")
@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOptions:
    """Where the frames come from, and how long to wait for it."""

    source: Annotated[
        str | None,
        typer.Option(
            help="picamera:0, rpicam:0, v4l2:/dev/video0, rtsp://..., http://..., "
            "file:clip.mp4, images:folder, synthetic:640x480@30; left out, the camera found."
        ),
    ] = None
    size: Annotated[str, typer.Option(help="Asked of the camera: 1280x720.")] = ""
    fps: Annotated[float, typer.Option(min=0, help="Asked of the camera; 0 is its own.")] = 0.0
    rotate: Annotated[int, typer.Option(help="Turn clockwise by 0, 90, 180 or 270 degrees.")] = 0
    flip: Annotated[bool, typer.Option("--flip", help="Mirror left and right.")] = False
    every_frame: Annotated[
        bool | None,
        typer.Option("--every-frame/--latest", help="All in order (files), newest (cameras)."),
    ] = None
    stall_timeout: Annotated[
        float, typer.Option(min=0.5, help="Seconds without a frame until the source is reopened.")
    ] = 5.0
    open_timeout: Annotated[
        float, typer.Option(min=0.5, help="Seconds the source may take to open.")
    ] = 10.0
    max_reconnects: Annotated[
        int | None, typer.Option(min=0, help="Give up after so many; never by default.")
    ] = None
    keep_trying: Annotated[
        bool,
        typer.Option("--keep-trying", help="Wait for a source that is not there at the start."),
    ] = False


@option_group("The model")
@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """How the model is run; its card says the rest."""

    labels: Annotated[Path | None, typer.Option(help="Class names, one a line.")] = None
    task: Annotated[
        str | None,
        typer.Option(help="What the outputs mean, not the card's: classification, tensors..."),
    ] = None
    runtime: Annotated[str, typer.Option(help="auto, litert, tflite-runtime, tensorflow.")] = "auto"
    threads: Annotated[
        int, typer.Option(min=0, help="For the model; 0 is all usable CPUs but one.")
    ] = 0


@option_group("Its answers")
@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOptions:
    """Which answers count, and who gets them."""

    top_k: Annotated[int, typer.Option(min=1, help="Answers reported per frame.")] = 5
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="Answers below this are not reported.")
    ] = 0.1
    on: Annotated[float, typer.Option(min=0, max=1, help="A label holds from this score.")] = 0.5
    off: Annotated[float, typer.Option(min=0, max=1, help="... until it is below this.")] = 0.4
    smooth: Annotated[str, typer.Option(help="none, ema:0.8, or 3/5 (of five frames).")] = "none"
    output: Annotated[
        list[str] | None,
        typer.Option("-o", "--output", help="jsonl, jsonl:PATH, mqtt://host/topic; repeatable."),
    ] = None
    http: Annotated[
        str | None, typer.Option(help="Serve picture, results, health, metrics: 127.0.0.1:8080.")
    ] = None
    viewers: Annotated[int, typer.Option(min=1, help="At most so many at a time.")] = 4
    show: Annotated[bool, typer.Option("--show", help="Open a window (needs opencv-python).")] = (
        False
    )


@option_group("Frames that are kept")
@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderOptions:
    """Which frames become files."""

    save_on: Annotated[
        list[str] | None,
        typer.Option(help="Keep frames: LABEL>=0.6, any>=0.9, unsure<0.4, every:60."),
    ] = None
    save_to: Annotated[Path, typer.Option(help="Folder of kept frames.")] = Path("captures")
    save_limit: Annotated[int, typer.Option(min=1, help="Frames kept; the oldest go.")] = 1000
