import os
from pathlib import Path

import pytest

from edgevision.camera.board import read_board


def fake_root(tmp_path: Path, throttled: str | None, temperature: str | None) -> Path:
    files = {
        "sys/devices/platform/soc/soc:firmware/get_throttled": throttled,
        "sys/class/thermal/thermal_zone0/temp": temperature,
    }
    for name, content in files.items():
        if content is not None:
            path = tmp_path / name
            path.parent.mkdir(parents=True)
            path.write_text(content)
    return tmp_path


def test_board_says_what_slows_it_down_and_what_has(tmp_path: Path) -> None:
    health = read_board(fake_root(tmp_path, "50005\n", "51540\n"))
    assert health.temperature_c == pytest.approx(51.54)
    assert health.now == ("under-voltage", "throttled")
    assert health.since_boot == ("under-voltage", "throttled")


def test_happy_board_has_nothing_to_say(tmp_path: Path) -> None:
    health = read_board(fake_root(tmp_path, "0\n", "40000\n"))
    assert health.now == health.since_boot == ()


def test_older_kernel_is_asked_through_vcgencmd(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "vcgencmd"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho throttled=0x20002\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    health = read_board(tmp_path)
    assert health.throttled_bits == 0x20002
    assert health.now == ("frequency capped",)


def test_machine_that_is_no_pi_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    health = read_board(tmp_path)
    assert (health.temperature_c, health.throttled_bits) == (None, None)


@pytest.mark.parametrize("content", ["", "garbage", "\x00"])
def test_odd_files_are_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    health = read_board(fake_root(tmp_path, content, content))
    assert (health.temperature_c, health.throttled_bits) == (None, None)
