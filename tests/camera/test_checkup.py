import json
from pathlib import Path

import pytest

from edgevision.camera.checkup import CameraCheck, check_camera
from edgevision.cli.commands.doctor import doctor_camera
from edgevision.errors import DeviceError


def test_every_part_of_this_machine_is_looked_at(tmp_path: Path) -> None:
    findings = check_camera(tmp_path)
    subjects = [each.subject for each in findings]
    assert subjects == [
        "picamera2", "rpicam-vid", "USB camera", "rights", "OpenCV", "power and heat",
    ]  # fmt: skip
    assert all(each.fix or each.state == "ok" or each.subject == "USB camera" for each in findings)


def test_board_that_was_short_of_power_is_told(tmp_path: Path) -> None:
    path = tmp_path / "sys/devices/platform/soc/soc:firmware/get_throttled"
    path.parent.mkdir(parents=True)
    path.write_text("50000\n")
    finding = {each.subject: each for each in check_camera(tmp_path)}["power and heat"]
    assert finding.state == "broken"
    assert "since boot" in finding.detail
    assert "under-voltage" in finding.detail


def test_report_tells_the_fix_and_fails_without_a_camera(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = (CameraCheck(subject="picamera2", state="missing", detail="not there", fix="do this"),)
    monkeypatch.setattr("edgevision.camera.checkup.check_camera", lambda: found)
    with pytest.raises(DeviceError):
        doctor_camera(as_json=False)
    assert "picamera2: do this" in capsys.readouterr().out


def test_report_is_one_json_document(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = (CameraCheck(subject="USB camera", state="ok", detail="/dev/video0"),)
    monkeypatch.setattr("edgevision.camera.checkup.check_camera", lambda: found)
    doctor_camera(as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert document["camera"] is True
    assert document["findings"][0]["detail"] == "/dev/video0"
