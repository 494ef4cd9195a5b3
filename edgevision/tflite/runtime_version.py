"""Which runtimes can run a file, from the versions of its operators.

A converter writes its own answer into the file ("min_runtime_version"), but tools that rewrite the
file afterwards keep the old answer; so the operators are looked up too, and the newer one holds.
The other way round, a model with a newer operator loads here, where LiteRT is newest, and fails on
a phone, where it is the one that the app was built with.
"""

from dataclasses import dataclass

from edgevision.errors import UsageError
from edgevision.tflite.ops import versions
from edgevision.tflite.view import TfliteModel

ENTRY = "min_runtime_version"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeNeed:
    """What runtime a file needs."""

    version: str
    """ "2.3"; empty when neither the file nor our table says anything."""
    because: str
    """What needs it: "CONV_2D version 4", or "as the file says"."""
    unknown: tuple[str, ...]
    """Operations that our table does not know, "FULLY_CONNECTED version 99": perhaps newer."""


def runtime_need(model: TfliteModel) -> RuntimeNeed:
    """The smallest runtime version for `model`; custom operations are left out of it."""
    declared = model.metadata.get(ENTRY, b"").rstrip(b"\0").decode("ascii", "replace")
    version, because = (declared, "as the file says") if _parts(declared) else ("", "")
    unknown = set()
    uses = {(op.name, op.version) for op in model.operators if not op.is_custom}
    for name, number in sorted(uses):
        since = versions.since().get(name, ())
        if not 1 <= number <= len(since):
            unknown.add(f"{name} version {number}")
        elif _parts(since[number - 1]) > _parts(version):
            version, because = since[number - 1], f"{name} version {number}"
    return RuntimeNeed(version=version, because=because, unknown=tuple(sorted(unknown)))


def unknown_operators(model: TfliteModel, release: str) -> tuple[str, ...]:
    """What of `model` LiteRT `release` cannot run, "CONV_2D version 9 (knows 1 to 8)", sorted.

    Raises:
        UsageError: there is no table for that LiteRT.
    """
    if release not in versions.LITERT:
        there_are, newest = ", ".join(versions.LITERT), max(versions.LITERT)
        message = f"no table of operators for LiteRT {release}; known: {there_are}"
        raise UsageError(message, hint=f"pin litert {newest} in gradle/libs.versions.toml")
    known = versions.litert_versions(release)
    missing = set()
    for operator in model.operators:
        if operator.is_custom:
            if operator.name not in versions.CUSTOM_IN_LITERT:
                missing.add(f"custom operation {operator.name}")
        elif operator.name not in known:
            missing.add(operator.name)
        else:
            lowest, highest = known[operator.name]
            if not lowest <= operator.version <= highest:
                knows = f"knows {lowest} to {highest}"
                missing.add(f"{operator.name} version {operator.version} ({knows})")
    return tuple(sorted(missing))


def _parts(version: str) -> tuple[int, ...]:
    """The numbers of "2.14.4", (2, 14, 4); empty for what is no version. "2.3.0" equals "2.3"."""
    pieces = version.split(".")
    if not all(piece.isascii() and piece.isdigit() and len(piece) < 6 for piece in pieces):
        return ()
    numbers = [int(piece) for piece in pieces]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
