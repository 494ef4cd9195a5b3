"""The packages that made a file, as its card names them."""

from collections.abc import Iterable
from importlib.metadata import version

_ALWAYS = ("edgevision", "numpy")


def tool_versions(
    *packages: str, before: Iterable[tuple[str, str]] = ()
) -> tuple[tuple[str, str], ...]:
    """(package, version) of EdgeVision, NumPy and `packages`, sorted by package; loads none.

    Args:
        packages: what else took part, by its name on PyPI.
        before: of the file or the process that this file was made of; what is at work here again
            replaces its version.

    >>> [name for name, _ in tool_versions(before=[("keras", "3.15.1"), ("numpy", "1.0")])]
    ['edgevision', 'keras', 'numpy']
    """
    here = {name: version(name) for name in (*_ALWAYS, *packages)}
    return tuple(sorted({**dict(before), **here}.items()))
