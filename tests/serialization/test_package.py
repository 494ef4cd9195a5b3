"""The package as a board meets it."""

import pkgutil
import subprocess
import sys

from edgevision import serialization

MODULES = sorted(
    f"{serialization.__name__}.{module.name}"
    for module in pkgutil.iter_modules(serialization.__path__)
)


def test_reading_and_writing_json_needs_neither_numpy_nor_tomli_w() -> None:
    code = (
        f"import sys; [__import__(name) for name in {MODULES!r}]; "
        "assert not {'numpy', 'tomli_w'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
