"""From what the user asked to a loop ready to run: every word checked before anything is opened."""

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from edgevision.camera.loop.hysteresis import parse_smoothing
from edgevision.camera.loop.loop import CameraLoop, LoopPlan
from edgevision.camera.loop.predictor import TflitePredictor
from edgevision.camera.loop.watchdog import WatchdogPolicy
from edgevision.camera.model import AnswerRequest, CameraModel, find_model, resolve_model
from edgevision.camera.outputs.recorder import SaveRule, parse_save_rule, recorder_sink
from edgevision.camera.outputs.sink import Sink
from edgevision.camera.outputs.systemd import Notifier
from edgevision.camera.sources.auto import find_camera
from edgevision.camera.sources.orientation import Orientation, TurnedSource
from edgevision.camera.sources.source import (
    LIVE_KINDS,
    FrameSource,
    SourceName,
    SourceSettings,
    open_source,
    parse_source,
)
from edgevision.errors import UsageError
from edgevision.preprocess.options import from_flags, refuse_auto
from edgevision.runtime.session import Session, usable_cpus


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraRequest:
    """The command line; what each word means is told by `edgevision camera --help`."""

    model: Path | None = None
    source: str | None = None
    size: str = ""
    fps: float = 0.0
    rotate: int = 0
    flip: bool = False
    every_frame: bool | None = None
    labels: Path | None = None
    task: str | None = None
    preprocess: str | None = None
    mean: str | None = None
    std: str | None = None
    fit: str | None = None
    crop_fraction: float | None = None
    color: str | None = None
    runtime: str = "auto"
    threads: int = 0
    top_k: int = 5
    threshold: float = 0.1
    on: float = 0.5
    off: float = 0.4
    smooth: str = "none"
    outputs: tuple[str, ...] = ()
    http: str | None = None
    viewers: int = 4
    save_on: tuple[str, ...] = ()
    save_to: Path = Path("captures")
    save_limit: int = 1000
    show: bool = False
    frames: int | None = None
    seconds: float | None = None
    stall_timeout: float = 5.0
    open_timeout: float = 10.0
    max_reconnects: int | None = None
    keep_trying: bool = False
    as_json: bool = False


_WORDS = {"outputs": "output", "as_json": "json"}
"""Fields whose option has another name."""


def words_of(request: CameraRequest) -> list[str]:
    """The command line that makes this request, with defaults left out."""
    words = [str(request.model)] if request.model is not None else []
    for each in fields(CameraRequest):
        value = getattr(request, each.name)
        if each.name == "model" or value == each.default:
            continue
        option = "--" + _WORDS.get(each.name, each.name).replace("_", "-")
        if each.name == "every_frame":
            words.append("--every-frame" if value else "--latest")
        elif value is True:
            words.append(option)
        else:
            for item in value if isinstance(value, tuple) else (value,):
                words += [option, str(item)]
    return words


def build_loop(
    request: CameraRequest,
    *,
    stop: threading.Event,
    folder: Path,
    find_source: Callable[[], SourceName] = find_camera,
) -> CameraLoop:
    """The loop that `request` describes, its sinks running, its source not yet opened.

    Raises:
        EdgeVisionError: something in it cannot be: a usage error before any other.
    """
    smoothing = parse_smoothing(request.smooth)
    rules = [parse_save_rule(text) for text in request.save_on]
    orientation = Orientation(rotate=request.rotate, is_mirrored=request.flip)
    threads = request.threads or max(1, usable_cpus() - 1)
    options = _source_options(request, threads)
    _check_outputs(request)
    name = parse_source(request.source) if request.source is not None else find_source()
    model = _model(request, folder)
    _check_rules(rules, model)
    every_frame = request.every_frame
    plan = LoopPlan(
        source=str(name),
        model=model.path.name,
        notes=model.notes,
        threads=threads,
        every_frame=name.kind not in LIVE_KINDS if every_frame is None else every_frame,
        on=request.on,
        off=request.off,
        smoothing=smoothing,
        frames=request.frames,
        seconds=request.seconds,
        policy=WatchdogPolicy(
            stall_s=request.stall_timeout,
            # The source's own timeout comes first and says more.
            open_s=request.open_timeout + 5,
            reconnects=request.max_reconnects,
            keep_trying=request.keep_trying,
        ),
    )

    def open_frames() -> FrameSource:
        source = open_source(name, options)
        return source if orientation == Orientation() else TurnedSource(source, orientation)

    def open_predictor() -> TflitePredictor:
        session = Session(model.path, threads=threads, runtime=request.runtime)
        return TflitePredictor(
            session,
            model.preprocessing,
            task=model.task,
            steering=model.steering,
        )

    loop = CameraLoop(plan, open_frames, open_predictor, notifier=Notifier())
    if rules:
        loop.add_sink(recorder_sink(request.save_to, rules, limit=request.save_limit))
    for text in request.outputs:
        loop.add_sink(_output_sink(text))
    if request.http is not None:
        loop.add_sink(_http_sink(request, loop))
    if request.show:
        from edgevision.camera.outputs.window import window_sink

        loop.add_sink(window_sink(stop))
    return loop


def _source_options(request: CameraRequest, threads: int) -> SourceSettings:
    width = height = 0
    if request.size:
        match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", request.size)
        if match is None:
            raise UsageError(f"a size is like 1280x720, got {request.size!r}")
        width, height = int(match[1]), int(match[2])
    return SourceSettings(
        width=width,
        height=height,
        fps=request.fps,
        open_timeout_s=request.open_timeout,
        # So that a source which knows timeouts ends by itself before the watchdog must act.
        read_timeout_s=min(3.0, 0.8 * request.stall_timeout),
        decode_threads=max(1, usable_cpus() - threads),
    )


def _model(request: CameraRequest, folder: Path) -> CameraModel:
    declared = from_flags(
        preprocess=request.preprocess,
        mean=request.mean,
        std=request.std,
        fit=request.fit,
        crop_fraction=request.crop_fraction,
        color=request.color,
    )
    refuse_auto(declared)
    path = request.model if request.model is not None else find_model(folder)
    answers = AnswerRequest(top_k=request.top_k, threshold=request.threshold, off=request.off)
    return resolve_model(
        path, labels=request.labels, task=request.task, declared=declared, answers=answers
    )


def _check_outputs(request: CameraRequest) -> None:
    for text in request.outputs:
        if text != "jsonl" and not text.startswith(("jsonl:", "mqtt://", "mqtts://")):
            raise UsageError(
                f"unknown output {text!r}", hint="jsonl, jsonl:PATH, or mqtt://host/topic"
            )
    if request.as_json and "jsonl" in request.outputs:
        raise UsageError(
            "--json and --output jsonl both want stdout", hint="--output jsonl:results.jsonl"
        )


def _check_rules(rules: Sequence[SaveRule], model: CameraModel) -> None:
    if "threshold" not in model.task.options and any(rule.needs_labels for rule in rules):
        message = f"{model.path.name} answers with numbers: there are no labels to save frames by"
        raise UsageError(message, hint="--save-on every:60, or --task if they are scores")


def _output_sink(text: str) -> Sink:
    if text.startswith("jsonl"):
        from edgevision.camera.outputs.jsonl import jsonl_sink

        _, _, path = text.partition(":")
        return jsonl_sink(Path(path) if path else None)
    from edgevision.camera.outputs.mqtt import mqtt_sink, parse_broker

    return mqtt_sink(parse_broker(text))


def _http_sink(request: CameraRequest, loop: CameraLoop) -> Sink:
    from edgevision.camera.outputs.http_server import ClientLimits, HttpServer, parse_address

    host, port = parse_address(request.http or "")
    return HttpServer(
        host,
        port,
        loop.status,
        healthy_s=2 * request.stall_timeout,
        limits=ClientLimits(viewers=request.viewers),
    )
