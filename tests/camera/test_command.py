"""`edgevision camera` as a user runs it: a process, its output, its signals, its exit code."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgevision.camera.assemble import CameraRequest, words_of
from tests.camera.conftest import ROOT, CameraStand, wait_until

COMMAND = [sys.executable, "-m", "edgevision", "camera"]


def environment(**extra: str) -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(ROOT), **extra}


def camera(
    *words: str | Path, cwd: Path = ROOT, timeout: float = 300, **extra: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*COMMAND, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd=cwd,
        env=environment(**extra),
        check=False,
    )


@pytest.fixture(scope="module")
def model(shared: Path) -> Path:
    """Person or no person, 96 x 96, int8 input, no card."""
    return shared / "models" / "mlperf_vww_96_int8_ref.tflite"


@pytest.fixture(scope="module")
def detector(shared: Path) -> Path:
    return shared / "models" / "coco_ssd_mobilenet_v1_1.0_quant.tflite"


def test_results_are_lines_of_json_on_stdout_and_nothing_else(model: Path) -> None:
    reply = camera(
        model, "--preprocess", "unit", "--source", "synthetic:320x240@60", "--frames", "5",
        "--output", "jsonl", "--threshold", "0",
    )  # fmt: skip
    assert reply.returncode == 0, reply.stderr
    lines = [json.loads(line) for line in reply.stdout.splitlines()]
    assert len(lines) == 5
    assert all(len(line["answers"]) == 2 for line in lines)
    assert "5 results" in reply.stderr


def test_json_is_one_document_with_the_figures(model: Path) -> None:
    reply = camera(
        model, "--preprocess", "unit", "--source", "synthetic:320x240@60", "--frames", "5", "--json"
    )
    document = json.loads(reply.stdout)
    assert document["results"] == 5
    assert document["runtime"].startswith(("ai-edge-litert", "tflite-runtime"))
    assert document["age_p95_ms"] > 0


def test_model_and_labels_are_found_in_the_folder(tmp_path: Path, detector: Path) -> None:
    (tmp_path / "detector.tflite").write_bytes(detector.read_bytes())
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(3):
        cv2.imwrite(str(pictures / f"{number}.png"), np.zeros((90, 120, 3), np.uint8))
    reply = camera("--source", "pictures", "--json", cwd=tmp_path)
    assert reply.returncode == 0, reply.stderr
    assert json.loads(reply.stdout)["results"] == 3


def test_persons_in_a_video_are_found_where_they_are(shared: Path, detector: Path) -> None:
    reply = camera(
        detector, "--labels", shared / "models" / "coco_labelmap.txt", "--output", "jsonl",
        "--source", shared / "video" / "one-by-one-person-detection.mp4", "--frames", "250",
        "--threshold", "0.6",
    )  # fmt: skip
    lines = [json.loads(line) for line in reply.stdout.splitlines()]
    assert [line["frame"] for line in lines] == list(range(250))
    persons = [a for line in lines for a in line["answers"] if a["label"] == "person"]
    assert len(persons) >= 20
    for person in persons:
        left, top, right, bottom = person["xyxy"]
        assert 0 <= left < right <= 768
        assert 0 <= top < bottom <= 432
        assert bottom - top > 50


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_flushes_and_ends_well(tmp_path: Path, model: Path, number: signal.Signals) -> None:
    log = tmp_path / "results.jsonl"
    process = subprocess.Popen(
        [*COMMAND, str(model), "--preprocess", "unit", "--source", "synthetic:320x240@60",
         "--output", f"jsonl:{log}"],
        cwd=ROOT, env=environment(), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert wait_until(lambda: log.exists() and log.stat().st_size)
    process.send_signal(number)
    _, complaints = process.communicate(timeout=120)
    assert process.returncode == 0, complaints
    lines = log.read_text().splitlines()
    assert [json.loads(line)["frame"] for line in lines][:1] == [0] or len(lines) > 0
    assert f"{len(lines)} results" in complaints


def test_reader_that_leaves_ends_the_run(model: Path) -> None:
    words = f"{model} --preprocess unit --source synthetic:320x240@60 --output jsonl"
    reply = subprocess.run(
        ["bash", "-c", f"{' '.join(COMMAND)} {words} | head -n 2"],
        capture_output=True, text=True, timeout=300, cwd=ROOT, env=environment(), check=False,
    )  # fmt: skip
    assert len(reply.stdout.splitlines()) == 2
    assert "Traceback" not in reply.stderr


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--source", "nonsense"], 2, "no source and no file"),
        (["--source", "synthetic:4x4", "--output", "csv"], 2, "unknown output"),
        (["--source", "synthetic:4x4", "--json", "-o", "jsonl"], 2, "both want stdout"),
        (["--source", "synthetic:4x4", "--smooth", "much"], 2, "unknown smoothing"),
        (["--source", "synthetic:4x4", "--fit", "squeeze"], 2, "fit should be one of"),
        (["--source", "synthetic:4x4", "--size", "big"], 2, "a size is like"),
        (["--source", "synthetic:4x4", "--rotate", "45"], 2, "0, 90, 180 or 270"),
        (["--source", "synthetic:4x4", "--off", "0.9"], 2, "off <= on"),
        (["--source", "synthetic:4x4", "--http", "nowhere"], 2, "is no address"),
        (["--source", "synthetic:4x4", "--save-on", "cat>1"], 2, "unknown rule"),
        (["--source", "synthetic:4x4", "--preprocess", "magic"], 2, "no preprocessing preset"),
        (["--source", "synthetic:4x4", "--task", "magic"], 2, "unknown task"),
        (
            ["--source", "synthetic:4x4", "--task", "tensors", "--save-on", "any"],
            2,
            "no labels to save frames by",
        ),
        (["--source", "synthetic:4x4", "--runtime", "magic"], 2, "unknown runtime"),
        (["--source", "synthetic:4x4", "--labels", "no-such-file"], 4, "cannot read the labels"),
        (["--source", "synthetic:4x4", "--show"], 3, "window"),
        (["--source", "file:no-such-file.mp4"], 6, "there is no file"),
        (["--source", "http://127.0.0.1:1/"], 6, "refused"),
        (["--source", "rtsp://127.0.0.1:1/x", "--open-timeout", "2"], 6, "cannot open"),
    ],
)
def test_mistakes_are_told_quickly_with_their_exit_code(
    model: Path, words: list[str], code: int, message: str
) -> None:
    preset = [] if "--preprocess" in words else ["--preprocess", "unit"]
    reply = camera(model, *preset, *words)
    assert reply.returncode == code, reply.stderr
    assert message in reply.stderr
    assert "Traceback" not in reply.stderr


def test_model_that_does_not_say_how_to_feed_it_is_not_guessed(model: Path) -> None:
    reply = camera(model, "--source", "synthetic:4x4")
    assert reply.returncode == 2
    assert "--preprocess" in reply.stderr


def test_damaged_model_is_told(tmp_path: Path, detector: Path) -> None:
    damaged = tmp_path / "damaged.tflite"
    damaged.write_bytes(detector.read_bytes()[:100_000])
    reply = camera(damaged, "--source", "synthetic:4x4")
    assert reply.returncode == 5
    assert "Traceback" not in reply.stderr


def test_unit_is_printed_with_the_line_that_was_typed(tmp_path: Path) -> None:
    reply = camera(
        "m.tflite", "--source", "rtsp://cam/1", "--http", "8080", "--save-on", "cat>=0.5",
        "--latest", "--install-service", cwd=tmp_path, PYTHONPATH=str(ROOT),
    )  # fmt: skip
    assert reply.returncode == 0, reply.stderr
    line = next(x for x in reply.stdout.splitlines() if x.startswith("ExecStart="))
    assert line.startswith(f"ExecStart={sys.executable} -m edgevision camera m.tflite ")
    for words in ("--source rtsp://cam/1", "--http 8080", '--save-on "cat>=0.5"', "--keep-trying"):
        assert words in line
    assert "--latest" in line
    assert f"WorkingDirectory={tmp_path}" in reply.stdout


def test_every_default_is_left_out_of_the_unit() -> None:
    assert words_of(CameraRequest()) == []
    request = CameraRequest(
        outputs=("jsonl", "mqtt://h/t"), as_json=True, every_frame=True, top_k=3
    )
    assert words_of(request) == [
        "--every-frame", "--top-k", "3", "--output", "jsonl", "--output", "mqtt://h/t", "--json",
    ]  # fmt: skip


def test_pages_are_served_while_it_runs(model: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [*COMMAND, str(model), "--preprocess", "unit", "--source", "synthetic:320x240@30",
         "--http", str(port)],
        cwd=ROOT, env=environment(), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        body = b""
        deadline = time.monotonic() + 120
        while b'"healthy": true' not in body and time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=60) as wire:
                    wire.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
                    body = b"".join(iter(lambda: wire.recv(65536), b""))
            except OSError:
                time.sleep(0.05)
        assert b'"healthy": true' in body
    finally:
        process.terminate()
        process.communicate(timeout=120)
    assert process.returncode == 0


def test_one_frame_of_a_live_stream_is_enough(stand: CameraStand, model: Path) -> None:
    url = stand.start().url
    reply = camera(model, "--preprocess", "unit", "--source", url, "--frames", "1", "--json")
    assert reply.returncode == 0, reply.stderr
    document = json.loads(reply.stdout)
    assert document["results"] == 1
    assert 0 < document["first_result_s"] <= document["uptime_s"]


def test_systemd_hears_that_it_is_ready(tmp_path: Path, model: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mailbox:
        mailbox.bind(str(tmp_path / "notify"))
        mailbox.settimeout(120)
        process = subprocess.Popen(
            [*COMMAND, str(model), "--preprocess", "unit", "--source", "synthetic:320x240@30"],
            cwd=ROOT, stderr=subprocess.DEVNULL,
            env=environment(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="400000"),
        )  # fmt: skip
        heard = list[str]()
        while heard.count("READY=1") < 1 or heard.count("WATCHDOG=1") < 3:
            heard.append(mailbox.recv(1000).decode().split("\n")[0])
        process.terminate()
        while heard[-1] != "STOPPING=1":
            heard.append(mailbox.recv(1000).decode().split("\n")[0])
        assert process.wait(120) == 0
    assert heard.count("READY=1") == 1
