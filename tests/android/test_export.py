import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgevision.android import export as export_module
from edgevision.android.export import Exported, export
from edgevision.android.photos import draw, load_photos
from edgevision.android.project import Project
from edgevision.card.json_form import card_from_plain
from edgevision.card.read import find_card
from edgevision.card.write import write_card
from edgevision.errors import EdgeVisionError, ModelError, UsageError
from edgevision.files import sha256_of
from edgevision.preprocess.pixels import to_pixels
from edgevision.runtime.input_encoder import InputEncoder
from edgevision.runtime.session import Session
from edgevision.tasks.spec import TaskSpec
from edgevision.tflite.read import read_model
from tests.android.tiny_model import LABELS, Edges, tiny_card, tiny_model, tiny_preprocessing


def packed(folder: Path, content: bytes, **changes: object) -> Path:
    path = folder / "made.tflite"
    card = replace(tiny_card(content), **changes)  # type: ignore[arg-type]
    path.write_bytes(write_card(content, card))
    return path


def test_model_card_and_golden_files_are_written(exported: Exported) -> None:
    names = {path.name for path in exported.folder.iterdir()}
    assert names == {"model.tflite", "model.json", "golden"}
    document = json.loads((exported.folder / "model.json").read_text())
    assert document["file"]["sha256"] == sha256_of(exported.folder / "model.tflite")
    assert document["android"]["litert"] == "2.3.0"
    assert card_from_plain(document) == exported.card
    assert exported.card.inputs[0].dtype == "int8"
    assert exported.card.labels == LABELS


def test_the_exported_file_carries_its_own_card(exported: Exported) -> None:
    found = find_card(exported.folder / "model.tflite")
    assert found is not None
    assert found.card == exported.card
    assert found.differences == ()


def test_golden_scores_are_those_of_the_model_that_was_given(
    model: Path, exported: Exported
) -> None:
    golden = json.loads((exported.folder / "golden" / "golden.json").read_text())
    assert len(golden["photos"]) == exported.goldens == 3
    photo = golden["photos"][0]
    folder = exported.folder / "golden"
    image = np.frombuffer((folder / photo["photo"]).read_bytes(), np.uint8).reshape(
        photo["height"], photo["width"], 3
    )
    scores = np.frombuffer((folder / photo["scores"]).read_bytes(), np.float32)
    with Session(model) as session:
        fed = InputEncoder(session.inputs[0], tiny_preprocessing())(
            to_pixels(image, tiny_preprocessing())
        )
        (expected,) = session.run(fed)
    assert np.array_equal(scores, expected[0])
    order = np.argsort(-expected[0], kind="stable")[:5]
    assert [entry["index"] for entry in photo["top"]] == order.tolist()


def test_a_model_with_int8_ends_is_shipped_as_it_is(tmp_path: Path, project: Project) -> None:
    path = packed(tmp_path, tiny_model(Edges(input="int8", output="int8")))
    exported = export(path, project)
    assert (exported.folder / "model.tflite").read_bytes() == path.read_bytes()
    assert exported.inputs_proven == 0


def test_exporting_again_replaces_the_whole_model(
    tmp_path: Path, project: Project, model: Path
) -> None:
    export(model, project)
    second = packed(tmp_path, tiny_model(Edges(input="int8", output="int8")), name="second")
    exported = export(second, project, photos=load_photos(()) or ())
    document = json.loads((exported.folder / "model.json").read_text())
    assert document["name"] == "second"
    assert not list(project.model_folder.parent.glob(".export-*"))


def test_a_failure_leaves_the_model_that_was_there(
    model: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = export(model, project)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export_module, "write_model_goldens", full)
    with pytest.raises(EdgeVisionError, match="No space left"):
        export(model, project)
    assert sha256_of(before.folder / "model.tflite") == before.sha256
    assert {path.name for path in before.folder.parent.iterdir()} == {"model"}


def test_files_of_others_are_not_replaced(model: Path, project: Project) -> None:
    project.model_folder.mkdir(parents=True)
    (project.model_folder / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"notes\.txt"):
        export(model, project)
    assert (project.model_folder / "notes.txt").read_text() == "mine"


def test_labels_can_be_given(model: Path, project: Project) -> None:
    labels = tuple(f"bird {index}" for index in range(10))
    assert export(model, project, labels=labels).card.labels == labels


def test_photos_of_the_user_become_golden(tmp_path: Path, model: Path, project: Project) -> None:
    import cv2

    path = tmp_path / "bird.png"
    cv2.imwrite(str(path), draw(5, 900, 600))
    exported = export(model, project, photos=load_photos((path,)))
    golden = json.loads((exported.folder / "golden" / "golden.json").read_text())
    (photo,) = golden["photos"]
    assert (photo["width"], photo["height"]) == (320, 213)


def refused(folder: Path, project: Project, content: bytes, match: str) -> None:
    with pytest.raises(ModelError, match=match) as caught:
        export(packed(folder, content), project)
    assert caught.value.hint
    assert not project.model_folder.exists()


def test_an_open_batch_is_refused(tmp_path: Path, project: Project) -> None:
    refused(tmp_path, project, tiny_model(Edges(batch=-1)), "side of -1")


def test_an_operation_newer_than_the_apps_litert_is_refused(
    tmp_path: Path, project: Project
) -> None:
    refused(tmp_path, project, tiny_model(Edges(conv_version=99)), r"LiteRT 2\.3\.0 .*CONV_2D")


def test_labels_that_are_not_as_many_as_classes_are_refused(model: Path, project: Project) -> None:
    with pytest.raises(ModelError, match="2 labels for an output of 10"):
        export(model, project, labels=("cat", "dog"))


def test_a_file_without_a_card_is_refused(tmp_path: Path, project: Project) -> None:
    path = tmp_path / "bare.tflite"
    path.write_bytes(tiny_model())
    with pytest.raises(ModelError, match="no model card"):
        export(path, project)


def test_a_file_changed_after_its_card_was_written_is_refused(
    tmp_path: Path, project: Project
) -> None:
    content = tiny_model(Edges(input="int8", output="int8"))
    card = tiny_card(tiny_model())
    path = tmp_path / "made.tflite"
    path.write_bytes(write_card(content, card))
    with pytest.raises(ModelError, match="not what its card says"):
        export(path, project)


def test_a_detection_model_is_refused(tmp_path: Path, project: Project) -> None:
    path = packed(tmp_path, tiny_model(), task=TaskSpec(kind="detection"))
    with pytest.raises(ModelError, match="for detection"):
        export(path, project)


def test_a_model_that_nobody_called_a_classifier_is_refused(
    tmp_path: Path, project: Project
) -> None:
    for task, named in ((TaskSpec(kind="tensors"), "tensors"), (None, "card does not say")):
        path = packed(tmp_path, tiny_model(), task=task)
        with pytest.raises(ModelError, match=named) as caught:
            export(path, project)
        assert "--task" in caught.value.hint


def test_the_rewritten_graph_keeps_its_static_shapes(exported: Exported) -> None:
    model = read_model(exported.folder / "model.tflite")
    for index in (*model.inputs, *model.outputs):
        assert -1 not in (*model.tensors[index].shape, *model.tensors[index].shape_signature)
