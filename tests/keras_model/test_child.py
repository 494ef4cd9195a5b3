"""The environment that TensorFlow starts in."""

import os

import pytest

from edgevision.keras_model.child import child_environment


@pytest.mark.parametrize("legacy_keras", [False, True])
def test_the_child_gets_the_keras_that_is_wanted_whatever_this_process_has(
    legacy_keras: bool,
) -> None:
    environment = child_environment({"TF_USE_LEGACY_KERAS": "x"}, legacy_keras=legacy_keras)
    assert environment["TF_USE_LEGACY_KERAS"] == str(int(legacy_keras))


def test_the_child_stays_out_of_the_users_folder_and_finds_what_this_process_finds() -> None:
    environment = child_environment({"PYTHONPATH": "/mine", "HOME": "/home/me"})
    assert environment["PYTHONSAFEPATH"] == "1"
    assert environment["PYTHONPATH"].split(os.pathsep)[-1] == "/mine"
    assert environment["HOME"] == "/home/me"
