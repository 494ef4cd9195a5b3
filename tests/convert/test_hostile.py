"""No model file reaches out of itself: each one here does when TensorFlow loads it unguarded."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgevision.cli import run
from edgevision.convert.job import ConvertJob
from edgevision.convert.saved_graph import refuse_reaching_out
from edgevision.convert.worker import answer
from edgevision.errors import ModelError
from tests.convert.conftest import built

KERAS_2 = [
    f"{kind}.{suffix}"
    for kind in ("ClassMethod", "SlicingOpLambda", "TFOpLambda")
    for suffix in ("h5", "keras")
]
WRITING = ["PrintV2", "WriteFile", "ReadFile", "PartitionedCall", "SaveV2"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed")
    return built("tests.convert.hostile", tmp_path_factory.mktemp("hostile"))


def refusal(folder: Path, name: str, work: Path) -> ModelError:
    """How the worker refuses the model; nothing may be written."""
    job = ConvertJob(source=str(folder / name), output=str(work / "out.tflite"), folder=str(work))
    with pytest.raises(ModelError) as error:
        answer(job)
    assert not list(folder.glob("written*"))
    assert not list(work.iterdir())
    assert error.value.hint
    return error.value


@pytest.fixture(scope="module")
def optimizing(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The options that optimize needs besides the model and the output."""
    photos = tmp_path_factory.mktemp("photos")
    generator = np.random.default_rng(1)
    for index in range(4):
        pixels = generator.integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).save(photos / f"{index}.png")
    return ["--fp16", "--preprocess", "unit", "--eval", str(photos)]


def test_the_models_do_write_when_nothing_guards(folder: Path) -> None:
    assert json.loads((folder / "armed.json").read_text()) == [*KERAS_2, *WRITING]


@pytest.mark.parametrize("name", KERAS_2)
def test_a_node_that_calls_what_may_write_is_refused(
    folder: Path, tmp_path: Path, name: str
) -> None:
    message = str(refusal(folder, name, tmp_path))
    assert f"'evil' ({name.partition('.')[0]}) calls tf.io.write_file" in message


@pytest.mark.parametrize("name", [*WRITING, "ImmutableConst"])
def test_a_saved_model_that_reaches_out_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    operation = {"ReadFile": "File", "PartitionedCall": "WriteFile"}.get(name, name)
    message = str(refusal(folder, name, tmp_path))
    assert f"{operation}) is not known to only compute" in message


def test_a_saved_model_of_tensorflow_1_may_restore_what_it_is_told_to_and_no_more(
    tmp_path: Path,
) -> None:
    pb2 = pytest.importorskip("tensorflow.core.protobuf.saved_model_pb2")
    saved = pb2.SavedModel()
    graph = saved.meta_graphs.add()
    for name, operation, inputs in (
        ("prefix", "PlaceholderWithDefault", ["default"]),
        ("default", "Const", []),
        ("restore", "RestoreV2", ["prefix"]),
        ("restore_all", "NoOp", ["^restore"]),
        ("save", "SaveV2", ["prefix"]),
        ("answer", "Identity", ["image"]),
        ("image", "Placeholder", []),
    ):
        graph.graph_def.node.add(name=name, op=operation, input=inputs)
    graph.saver_def.filename_tensor_name = "prefix:0"
    graph.saver_def.restore_op_name = "restore_all"
    graph.signature_def["serving_default"].outputs["answer"].name = "answer:0"

    def check() -> None:
        (tmp_path / "saved_model.pb").write_bytes(saved.SerializeToString())
        refuse_reaching_out(tmp_path)

    check()
    nodes = {node.name: node for node in graph.graph_def.node}
    for name, given in (("answer", "^save"), ("restore_all", "^save"), ("answer", "^restore")):
        nodes[name].input.append(given)
        with pytest.raises(ModelError, match="is not known to only compute"):
            check()
        nodes[name].input.pop()
    graph.collection_def["legacy_init_op"].node_list.value.append("save")
    with pytest.raises(ModelError, match=r"'save' \(SaveV2\)"):
        check()
    del graph.collection_def["legacy_init_op"]
    nodes["restore"].input[0] = "default"
    with pytest.raises(ModelError, match=r"'restore' \(RestoreV2\)"):
        check()


@pytest.mark.parametrize("name", ["benign_slicing.h5", "benign_slicing.keras", "benign_table"])
def test_harmless_models_of_the_same_kinds_are_converted(
    folder: Path, tmp_path: Path, name: str
) -> None:
    output = tmp_path / "out.tflite"
    assert run(["convert", str(folder / name), "-o", str(output)]) == 0
    assert output.exists()


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_a_harmless_class_method_is_not_refused(folder: Path, tmp_path: Path, suffix: str) -> None:
    """The worker passes it on, to be loaded by Keras 2."""
    source = folder / f"benign_class_method.{suffix}"
    job = ConvertJob(source=str(source), output=str(tmp_path / "out.tflite"), folder=str(tmp_path))
    assert answer(job) == {"again": "tf_keras"}


@pytest.mark.parametrize("name", ["ClassMethod.h5", "ClassMethod.keras", "SlicingOpLambda.h5"])
def test_every_command_that_loads_models_refuses(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    optimizing: list[str],
    name: str,
) -> None:
    model, output = str(folder / name), str(tmp_path / "out")
    for words in (
        ["convert", model, "-o", output],
        ["optimize", model, *optimizing, "-o", output],
        ["prune", model, "--channels", "0.5", "-o", f"{output}.keras"],
    ):
        assert run(words) == 5
        assert "calls tf.io.write_file" in capsys.readouterr().err
    assert not list(folder.glob("written*"))
    assert list(tmp_path.iterdir()) == []


def test_optimize_refuses_a_saved_model_that_reaches_out(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], optimizing: list[str]
) -> None:
    model, output = str(folder / "PrintV2"), str(tmp_path / "out")
    assert run(["optimize", model, *optimizing, "-o", output]) == 5
    assert "(PrintV2) is not known to only compute" in capsys.readouterr().err
    assert not list(folder.glob("written*"))
