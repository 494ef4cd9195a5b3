import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from edgevision.bench.measure import BenchJob
from edgevision.bench.remote.bootstrap import SOURCE
from edgevision.bench.remote.ssh import measure_over_ssh, provision
from edgevision.bench.remote.target import SshTarget
from edgevision.bench.timing.case import Case, cases_for
from edgevision.bench.timing.plan import TimingPlan
from edgevision.cli import run
from edgevision.errors import DeviceError, ModelError
from edgevision.tflite.serialize import serialize
from tests.bench.conftest import PROBE
from tests.bench.networks import hard_swish_network
from tests.bench.remote.conftest import Board, make_key
from tests.quantize.builder import random_images, small_cnn

# A server and a Python process each; .ci/setup brings the server.
pytestmark = pytest.mark.slow

QUICK = TimingPlan(rounds=2, seconds=0.02, least_runs=2, warmup_seconds=0)

ENDLESS = TimingPlan(rounds=1000, warmup_seconds=1.0)
"""A quarter of an hour at least, with progress every second: nothing outruns what interrupts it."""


def job(plan: TimingPlan = QUICK, model: Path | bytes = PROBE, **more: bool) -> BenchJob:
    return BenchJob(cases=(Case(name="probe", model=model),), plan=plan, **more)


def test_a_board_measures_and_is_left_as_it_was(board: Board) -> None:
    seen: list[str] = []
    result = measure_over_ssh(
        board.target(),
        job(per_operation=True),
        options=board.options,
        progress=lambda _done, _total, stage: seen.append(stage),
    )
    assert result.target == f"ssh://{board.target().user}@127.0.0.1:{board.port}{sys.executable}"
    (measured,) = result.models
    assert measured.file == "probe.tflite"
    assert len(measured.latency.rounds) == 2
    assert measured.profile is not None
    assert [one.name for one in measured.profile.operations] == ["ADD"]
    assert {"timing", "profiling probe"} <= set(seen)
    assert board.left_behind() == []


def test_quantize_chooses_by_what_the_board_takes(
    board: Board, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = tmp_path / "photos.npz"
    images = random_images(12)
    np.savez(photos, x=images, y=np.zeros(len(images), np.int64))
    model = tmp_path / "model.tflite"
    model.write_bytes(serialize(small_cnn()))
    words = ["quantize", str(model), "--calibration", str(photos), "--preprocess", "unit"]
    place = ["--on", str(board.target()), "--ssh-config", str(board.config)]
    assert run([*words, *place, "--quality", "fast", "--json"]) == 0
    speed = json.loads(capsys.readouterr().out)["speed"]
    assert speed["target"] == str(board.target())
    assert speed["float_ms"] > 0
    assert speed["integer_ms"] > 0
    assert board.left_behind() == []


def test_a_changed_host_key_stops_everything(board: Board, tmp_path: Path) -> None:
    other = make_key(tmp_path / "other").with_suffix(".pub").read_text().split()
    known = board.config.parent / "known_hosts"
    known.write_text(f"[127.0.0.1]:{board.port} {other[0]} {other[1]}\n")
    with pytest.raises(DeviceError, match="host key is not the one in known_hosts") as caught:
        measure_over_ssh(board.target(), job(), options=board.options)
    assert "ssh-keygen -R 127.0.0.1" in caught.value.hint
    known.write_text("")
    with pytest.raises(DeviceError, match="its host key is not known"):
        measure_over_ssh(board.target(), job(), options=board.options)


def test_a_key_that_is_not_accepted_is_said(board: Board, tmp_path: Path) -> None:
    stranger = make_key(tmp_path / "stranger")
    settings = board.config.read_text().replace(str(board.config.parent / "user"), str(stranger))
    board.config.write_text(settings)
    with pytest.raises(DeviceError, match="accepts none of your keys") as caught:
        measure_over_ssh(board.target(), job(), options=board.options)
    assert "ssh-copy-id" in caught.value.hint


def test_nobody_there_is_said(board: Board) -> None:
    board.server.terminate()
    board.server.wait()
    with pytest.raises(DeviceError, match="no ssh server answers there"):
        measure_over_ssh(board.target(), job(), options=board.options)


def test_a_board_without_that_python_is_said(board: Board) -> None:
    with pytest.raises(DeviceError, match="has no Python"):
        measure_over_ssh(board.target("/nowhere/python3"), job(), options=board.options)


def test_a_python_without_a_runtime_is_said_and_how_to_get_one(
    board: Board, tmp_path: Path
) -> None:
    # The same interpreter, without the packages of its venv.
    bare = tmp_path / "bare-python"
    bare.write_text(f'#!/bin/sh\nexec {Path(sys.executable).resolve()} -S "$@"\n')
    bare.chmod(0o755)
    with pytest.raises(DeviceError, match="no TFLite runtime works") as caught:
        measure_over_ssh(board.target(str(bare)), job(), options=board.options)
    assert "--provision" in caught.value.hint
    assert caught.value.exit_code == 6
    assert board.left_behind() == []


def test_a_model_the_runtime_refuses_is_the_models_fault(board: Board) -> None:
    content = bytearray(PROBE.read_bytes())
    broken = bytes(content[: len(content) // 2])
    with pytest.raises(ModelError):
        measure_over_ssh(board.target(), job(model=broken), options=board.options)
    assert board.left_behind() == []


def test_a_connection_cut_midway_is_said_and_the_board_cleans_up(board: Board) -> None:
    begun = threading.Event()

    def cut() -> None:
        begun.wait(300)
        # The server's process for this connection: what a lost network looks like from here.
        children = subprocess.run(
            ["pgrep", "-P", str(board.server.pid)], capture_output=True, text=True, check=True
        ).stdout.split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)

    thread = threading.Thread(target=cut)
    thread.start()
    with pytest.raises(DeviceError, match="lost ssh://.* midway"):
        measure_over_ssh(
            board.target(),
            job(ENDLESS),
            options=board.options,
            progress=lambda done, _total, _stage: begun.set() if done else None,
        )
    thread.join()
    assert board.left_behind() == []


def test_giving_up_here_stops_the_work_there(board: Board) -> None:
    def give_up(done: int, _total: int, _stage: str, /) -> None:
        if done:
            raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        measure_over_ssh(
            board.target(),
            job(ENDLESS),
            options=board.options,
            progress=give_up,
        )
    assert time.monotonic() - began < 300
    assert board.left_behind() == []


def test_the_board_may_greet_on_stdout(board: Board, tmp_path: Path) -> None:
    chatty = tmp_path / "python"
    chatty.write_text(f'#!/bin/sh\necho "Welcome to Pi"; echo "[1]"\nexec {sys.executable} "$@"\n')
    chatty.chmod(0o755)
    assert measure_over_ssh(board.target(str(chatty)), job(), options=board.options).models


def test_an_old_python_says_that_it_is_too_old() -> None:
    # The check comes before anything that an old Python could not read or lacks.
    old = SOURCE.replace("sys.version_info < (3, 11)", "sys.version_info < (9, 0)")
    reply = subprocess.run([sys.executable, "-c", old], capture_output=True, text=True, check=False)
    assert "is too old" in reply.stdout
    assert reply.returncode == 1
    compile(SOURCE, "bootstrap", "exec", dont_inherit=True)


def test_a_bare_board_is_provisioned(board: Board, tmp_path: Path) -> None:
    folder = tmp_path / "venv"
    python = shutil.which("python3", path="/usr/local/bin:/usr/bin")
    if python is None:
        pytest.skip("needs a system python3 with venv")
    provision(board.target(python), options=board.options, folder=str(folder))
    result = measure_over_ssh(
        board.target(str(folder / "bin/python")), job(), options=board.options
    )
    assert "ai-edge-litert" in result.models[0].latency.runtime


def test_an_aarch64_python_measures_there(board: Board, tmp_path: Path) -> None:
    userland = Path(__file__).resolve().parents[3] / ".cache/aarch64"
    qemu = shutil.which("qemu-aarch64-static")
    if qemu is None or not (userland / "site/.sources").is_file():
        pytest.skip("no aarch64 userland: run tests/emulation/setup.sh aarch64")
    root = userland / "root"
    emulated = tmp_path / "python-aarch64"
    emulated.write_text(
        f'#!/bin/sh\nexport QEMU_CPU=cortex-a76 PYTHONPATH="$PYTHONPATH:{userland / "site"}"\n'
        f'exec {qemu} -L {root} {root}/usr/bin/python3.11 "$@"\n'
    )
    emulated.chmod(0o755)
    result = measure_over_ssh(
        board.target(str(emulated)),
        job(model=hard_swish_network(2), per_operation=True),
        options=board.options,
    )
    assert (result.host.architecture, result.host.cpu) == ("aarch64", "Cortex-A76")
    (measured,) = result.models
    assert "ai-edge-litert" in measured.latency.runtime
    assert measured.profile is not None
    assert len(measured.profile.operations) == 4
    assert board.left_behind() == []


def test_provisioning_that_fails_says_why(board: Board) -> None:
    with pytest.raises(DeviceError, match="cannot provision"):
        provision(board.target(), options=board.options, folder="/proc/nowhere")


def test_there_must_be_an_ssh_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceError, match="no ssh program here"):
        measure_over_ssh(SshTarget(host="pi"), BenchJob(cases=cases_for([PROBE]), plan=QUICK))
