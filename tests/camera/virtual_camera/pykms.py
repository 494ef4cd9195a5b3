"""Stands in for the module of the same name, which picamera2 imports for a screen."""

from typing import Any


class _Anything:
    def __getattr__(self, name: str) -> "_Anything":
        return _Anything()

    def __call__(self, *_: object, **__: object) -> "_Anything":
        return _Anything()


def __getattr__(name: str) -> Any:
    return _Anything()
