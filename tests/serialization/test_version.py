"""One rule for the version of a document."""

import pytest

from edgevision.errors import ModelError, UsageError
from edgevision.serialization.version import check_version


@pytest.mark.parametrize(("version", "oldest"), [(2, None), (2, 1), (1, 1)])
def test_a_known_version_is_told(version: int, oldest: int | None) -> None:
    plain = {"schema_version": version, "newer": 1}
    assert check_version(plain, known=2, oldest=oldest, where="the card") == version


def test_a_newer_version_asks_for_a_newer_edgevision() -> None:
    with pytest.raises(ModelError, match=r"^the model card has version 3, known is 2$") as caught:
        check_version(
            {"schema_version": 3}, known=2, where="the model card", error=ModelError, hint="again"
        )
    assert caught.value.hint == "install a newer edgevision"


def test_an_older_version_gets_the_hint_of_its_document() -> None:
    with pytest.raises(UsageError, match=r"^set\.toml has version 1, known is 2$") as caught:
        check_version({"schema_version": 1}, known=2, where="set.toml:", hint="build it again")
    assert caught.value.hint == "build it again"
    with pytest.raises(UsageError, match=r"^it has version 1, known are 2 to 4$"):
        check_version({"schema_version": 1}, known=4, oldest=2, where="it")


@pytest.mark.parametrize(
    ("plain", "said"),
    [
        ({}, "it has no schema_version"),
        ({"schema_version": True}, "it.schema_version should be a whole number, not True"),
        ({"schema_version": "1"}, "it.schema_version should be a whole number, not '1'"),
        ({"schema_version": None}, "it.schema_version should be a whole number, not None"),
        ([], "it should be an object, not []"),
    ],
)
def test_what_has_no_version_is_refused(plain: object, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_version(plain, known=1, where="it", hint="make one")
    assert str(caught.value) == said
    assert caught.value.hint == "make one"
