"""A small model with its card, and an app it was exported into."""

from pathlib import Path

import pytest

from edgevision.android.export import Exported, export
from edgevision.android.project import Project, new_app
from edgevision.card.write import write_card
from tests.android.tiny_model import tiny_card, tiny_model

PACKAGE = "com.example.birds"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """uint8 pixels in, float32 scores out, int8 between, with its card."""
    content = tiny_model()
    path = tmp_path / "tiny.tflite"
    path.write_bytes(write_card(content, tiny_card(content)))
    return path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An app of one's own, without a model yet."""
    return new_app(tmp_path / "birds", PACKAGE)


@pytest.fixture
def exported(model: Path, project: Project) -> Exported:
    """The model in the app."""
    return export(model, project)
