"""Whatever becomes of the child, the user gets one clear error and no leftovers."""

import os
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from edgevision.convert.convert import convert
from edgevision.convert.process import tensorflow_starting
from edgevision.errors import EdgeVisionError, MissingDependencyError, ModelError, UsageError
from edgevision.keras_model.child import WorkerCrashError
from edgevision.preprocess.declared import Preprocessing


def python(code: str) -> Sequence[str]:
    """A child that runs `code`, which may look at its `job` and `say` things."""
    beginning = """
import json, os, sys, time
job = json.loads(sys.stdin.readline())
def say(**what): print(json.dumps(what), flush=True)
"""
    return (sys.executable, "-c", beginning + code)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "model.keras"
    path.write_bytes(b"never read: the child is not ours")
    return path


@pytest.fixture
def logs(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files, empty before the test."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def named_log(error: EdgeVisionError) -> Path:
    found = re.search(r"the log is (\S+\.log)", str(error))
    assert found is not None
    return Path(found[1])


@pytest.mark.parametrize(
    ("code", "needle"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", r"crashed \(SIGSEGV\)"),
        ("import os; os.abort()", r"crashed \(SIGABRT\)"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "lack of memory"),
        ("raise SystemExit(137)", "lack of memory"),
        ("raise RuntimeError('boom')", "exit code 1"),
        ("pass", "without an answer"),
    ],
)
def test_a_dying_child_is_one_sentence_with_the_log(
    tmp_path: Path, source: Path, logs: Path, code: str, needle: str
) -> None:
    with pytest.raises(WorkerCrashError, match=needle) as crash:
        convert(source, tmp_path / "out.tflite", command=python(code))
    assert list(logs.iterdir()) == [named_log(crash.value)]
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]


def test_the_named_log_holds_what_the_child_said_and_outlives_the_output_folder(
    tmp_path: Path, source: Path, logs: Path
) -> None:
    code = "import sys; print('native noise', file=sys.stderr); sys.exit(1)"
    with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
        output, log = Path(folder) / "out.tflite", Path(folder) / "convert.log"
        with pytest.raises(WorkerCrashError) as crash:
            convert(source, output, log_path=log, command=python(code))
    assert "native noise" in named_log(crash.value).read_text()


def test_an_error_that_names_no_log_leaves_none(tmp_path: Path, source: Path, logs: Path) -> None:
    code = "say(os_error=[28, 'No space left on device'])"
    with pytest.raises(EdgeVisionError):
        convert(source, tmp_path / "out.tflite", command=python(code))
    assert list(logs.iterdir()) == []


def test_a_hanging_child_is_ended_in_time(tmp_path: Path, source: Path) -> None:
    with pytest.raises(WorkerCrashError, match="within 1 s"):
        convert(
            source,
            tmp_path / "out.tflite",
            log_path=tmp_path / "log",
            timeout_s=1.0,
            command=python("import time; time.sleep(3600)"),  # longer than a test may take
        )


def test_a_child_that_closes_its_stdout_and_hangs_is_ended_too(
    tmp_path: Path, source: Path
) -> None:
    with pytest.raises(WorkerCrashError, match="within 1 s"):
        convert(
            source,
            tmp_path / "out.tflite",
            log_path=tmp_path / "log",
            timeout_s=1.0,
            command=python("import os, time; os.close(1); time.sleep(3600)"),
        )


def test_ctrl_c_ends_the_child_and_leaves_nothing_half_written(
    tmp_path: Path, source: Path
) -> None:
    code = (
        "open(job['output'], 'wb').write(b'half'); say(stage='load');"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); say(stage='trace');"
        "time.sleep(3600)"
    )

    def interrupt(done: int, total: int, stage: str) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(source, tmp_path / "out.tflite", command=python(code), progress=interrupt)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.keras", "pid"]


def test_a_full_disk_in_the_child_is_said_as_such(tmp_path: Path, source: Path) -> None:
    code = "say(os_error=[28, 'No space left on device'])"
    with pytest.raises(EdgeVisionError, match=r"cannot write .*out\.tflite: No space left"):
        convert(source, tmp_path / "out.tflite", command=python(code))
    assert not (tmp_path / "out.tflite").exists()


def test_an_existing_output_is_refused_before_any_work(tmp_path: Path, source: Path) -> None:
    (tmp_path / "out.tflite").write_bytes(b"precious")
    with pytest.raises(UsageError, match="exists already"):
        convert(source, tmp_path / "out.tflite", command=python("raise SystemExit(9)"))
    assert (tmp_path / "out.tflite").read_bytes() == b"precious"


def test_the_model_itself_is_never_overwritten(tmp_path: Path, source: Path) -> None:
    content = source.read_bytes()
    with pytest.raises(UsageError, match="the model itself"):
        convert(source, source, overwrite=True, command=python("raise SystemExit(9)"))
    assert source.read_bytes() == content


def test_a_folder_as_output_is_refused_before_any_work(tmp_path: Path, source: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        convert(source, tmp_path, overwrite=True, command=python("raise SystemExit(9)"))


def test_without_tensorflow_the_pip_line_is_given(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(MissingDependencyError) as missing:
        convert(source, tmp_path / "out.tflite")
    assert missing.value.hint == "pip install 'edgevision[optimize]'"


def test_half_a_declared_preprocessing_is_refused_before_any_work(
    tmp_path: Path, source: Path
) -> None:
    with pytest.raises(UsageError, match="how model.keras wants its pixels is not known"):
        convert(
            source,
            tmp_path / "out.tflite",
            declared=Preprocessing(fit="letterbox"),
            command=python("raise SystemExit(9)"),
        )


def test_class_names_without_preprocessing_are_refused_not_dropped(
    tmp_path: Path, source: Path
) -> None:
    with pytest.raises(UsageError, match="class names") as refused:
        convert(
            source,
            tmp_path / "out.tflite",
            labels=("cat", "dog"),
            command=python("raise SystemExit(9)"),
        )
    assert "--preprocess" in refused.value.hint


@pytest.mark.parametrize("entry", ["Tiny", "module:", ":Name", "module:not a name"])
def test_a_malformed_custom_object_is_refused_before_any_work(
    tmp_path: Path, source: Path, entry: str
) -> None:
    with pytest.raises(UsageError, match="module:Name"):
        convert(
            source,
            tmp_path / "out.tflite",
            custom_objects=(entry,),
            command=python("raise SystemExit(9)"),
        )


def test_what_something_prints_before_the_child_takes_its_output_is_no_answer(
    tmp_path: Path, source: Path
) -> None:
    code = "print('hello'); print([1]); say(os_error=[28, 'No space left on device'])"
    with pytest.raises(EdgeVisionError, match="No space left"):
        convert(source, tmp_path / "out.tflite", command=python(code))


def test_a_model_of_keras_2_is_converted_by_a_second_child(tmp_path: Path, source: Path) -> None:
    code = (
        "legacy = os.environ['TF_USE_LEGACY_KERAS'];"
        "say(again='tf_keras') if legacy == '0' else say(error={"
        "'kind': 'ModelError', 'message': job['library'] + legacy, 'hint': 'see {log}'})"
    )
    with pytest.raises(ModelError, match="tf_keras1") as caught:
        convert(source, tmp_path / "out.tflite", command=python(code))
    assert caught.value.hint.startswith("see /")


def test_a_child_started_ahead_serves_the_conversion_and_its_log_goes_the_same_way(
    tmp_path: Path, source: Path, logs: Path
) -> None:
    ahead = f"open({str(tmp_path / 'early')!r}, 'w').write(str(os.getpid()))\n"
    beginning = "import os, sys; print('noise', file=sys.stderr); " + ahead
    code = "say(error={'kind': 'ModelError', 'message': str(os.getpid()), 'hint': 'see {log}'})"
    command = (sys.executable, "-c", beginning + python(code)[2])
    with (
        pytest.raises(ModelError) as caught,
        tensorflow_starting(command) as starting,
    ):
        convert(source, tmp_path / "out.tflite", beginning=starting, command=python("exit(9)"))
    assert str(caught.value) == (tmp_path / "early").read_text()
    (log,) = logs.iterdir()
    assert caught.value.hint == f"see {log}"
    assert "noise" in log.read_text()


def test_a_child_started_ahead_and_not_needed_is_ended(tmp_path: Path, logs: Path) -> None:
    command = (sys.executable, "-c", "input()")
    with pytest.raises(UsageError), tensorflow_starting(command) as starting:
        pid = starting.waiting.process.pid
        raise UsageError("no photos")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert list(logs.iterdir()) == []


def test_the_child_keeps_off_the_gpu(tmp_path: Path, source: Path) -> None:
    code = "say(os_error=[28, os.environ['CUDA_VISIBLE_DEVICES']])"
    with pytest.raises(EdgeVisionError, match="-1"):
        convert(source, tmp_path / "out.tflite", command=python(code))
