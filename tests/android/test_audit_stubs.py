"""The audit of the stubs finds what was not published, however an API file writes it."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from edgevision.android.project import demo_folder

API = """
package androidx.camera.core {
  public final class Preview extends androidx.camera.core.UseCase {
    ctor public Preview();
    method @UiThread public void setSurface(androidx.camera.core.Preview.Provider?, int);
    method public java.util.List<java.util.Set<String!>!> all(android.content.Context context);
    field public static final int KIND = 2; // 0x2
  }
}
"""


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    path = demo_folder() / "ci" / "audit_stubs.py"
    spec = importlib.util.spec_from_file_location("audit_stubs", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_members_have_one_form_in_api_files_and_in_classes(audit: ModuleType) -> None:
    owner = "androidx.camera.core.Preview"
    assert audit.published_members(API) == {
        owner,
        audit.member(owner, "public  ();"),
        audit.member(owner, "public void setSurface(androidx.camera.core.Preview$Provider, int);"),
        audit.member(owner, "public final java.util.List<X> all(android.content.Context);"),
        audit.member(owner, "public static final int KIND;"),
    }


@pytest.mark.parametrize(
    "wrong",
    [
        "public void setSurfaces(androidx.camera.core.Preview$Provider, int);",
        "public void setSurface(androidx.camera.core.Preview$Provider, long);",
        "public int setSurface(androidx.camera.core.Preview$Provider, int);",
        "public static final long KIND;",
    ],
)
def test_another_name_or_type_is_not_published(audit: ModuleType, wrong: str) -> None:
    member = audit.member("androidx.camera.core.Preview", wrong)
    assert member not in audit.published_members(API)


def test_a_litert_declaration_that_is_missing_is_listed(audit: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "Model.kt").write_text("fun readFloat(): FloatArray { return x }")
    missing, compared = audit.missing_in(tmp_path, [])
    assert "TensorBuffer.kt: fun readInt8(): ByteArray" in missing
    assert "TensorBuffer.kt: fun readFloat(): FloatArray" not in missing
    assert compared > len(missing)


def test_the_stubs_are_those_that_were_audited(audit: ModuleType) -> None:
    import json

    assert json.loads(audit.RECORD.read_text())["stubs_sha256"] == audit.digest()
