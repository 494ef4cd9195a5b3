from pathlib import Path

import numpy as np
import pytest

from edgevision.errors import DeviceError, MissingDependencyError, ModelError, UsageError
from edgevision.runtime.diagnose import check_runtimes, describe_machine
from edgevision.runtime.loader import PROBE, RuntimeLibrary, load_runtime, uses_delegate
from edgevision.runtime.session import Session, usable_cpus


def test_probe_model_runs_and_computes_relu_of_x_plus_one() -> None:
    with Session(PROBE) as session:
        assert session.inputs[0].shape == (1, 4)
        (out,) = session.run(np.array([[-3, -1, 0, 2]], np.float32))
    assert out.tolist() == [[0, 0, 1, 3]]


def test_session_names_its_library() -> None:
    with Session(PROBE.read_bytes()) as session:
        assert session.runtime.startswith("ai-edge-litert ")


def test_xnnpack_is_seen_and_can_be_switched_off() -> None:
    with Session(PROBE) as fast, Session(PROBE, xnnpack=False) as plain:
        assert fast.is_accelerated
        assert not plain.is_accelerated


def test_an_interpreter_that_hides_its_plan_counts_as_not_accelerated() -> None:
    assert not uses_delegate(object())


def test_unknown_runtime_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match="litert, tflite-runtime"):
        load_runtime("onnx")


def test_runtime_that_is_not_installed_says_how_to_get_one() -> None:
    with pytest.raises(MissingDependencyError, match="not installed") as caught:
        load_runtime("tflite-runtime")
    assert caught.value.exit_code == 3
    assert "pip install" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"\0" * 64, b"PK\x03\x04TFL2garbage"])
def test_what_is_no_tflite_is_refused_before_native_code_sees_it(content: bytes) -> None:
    with pytest.raises(ModelError, match=r"is not a \.tflite|is empty"):
        Session(content)


def test_truncated_model_is_an_error_that_names_the_runtime() -> None:
    with pytest.raises(ModelError, match="ai-edge-litert .* refuses"):
        Session(PROBE.read_bytes()[:300])


def test_missing_model_names_the_path(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        Session(tmp_path / "nowhere.tflite")


def test_delegate_that_does_not_load_names_its_path(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="libnothing"):
        Session(PROBE, delegates=[tmp_path / "libnothing.so"])


def test_nothing_native_reaches_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    with Session(PROBE) as session:
        session.run(np.zeros((1, 4), np.float32))
    assert capfd.readouterr().err == ""


def test_usable_cpus_is_at_least_one() -> None:
    assert usable_cpus() >= 1


def test_doctor_facts_come_from_running_a_model() -> None:
    litert, tflite = check_runtimes()
    assert (litert.works, litert.xnnpack) == (True, True)
    assert (tflite.works, tflite.detail) == (False, "not installed")


def test_cpu_features_are_read_from_a_pi_cpuinfo(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nFeatures\t: fp asimd asimdhp asimddp\n\nModel\t: A board\n")
    machine = describe_machine(cpuinfo)
    assert machine.features == ("asimd", "asimdhp", "asimddp")
    assert machine.cpu == "A board"


def test_a_system_that_hides_its_cpu_says_why(tmp_path: Path) -> None:
    machine = describe_machine(tmp_path / "cpuinfo")
    assert machine.features == ()
    assert machine.unknown == f"cannot read {tmp_path / 'cpuinfo'}: No such file or directory"


def test_library_prints_as_package_and_version() -> None:
    assert str(RuntimeLibrary("litert", "2.3.0", None)) == "ai-edge-litert 2.3.0"
