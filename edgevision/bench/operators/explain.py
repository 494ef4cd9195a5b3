"""Why is one model faster or slower than another? One line, from their profiles."""

from collections import defaultdict
from collections.abc import Sequence

from edgevision.bench.operators.profile import OperationTime, Profile


def explain(base: str, before: Profile, name: str, after: Profile) -> str:
    """What makes `name` as fast as it is beside `base`, in one line.

    The kind of operation whose total changed most in the direction of the whole carries the
    blame or the praise; what the delegate left out is named with it.
    """
    factor = after.whole_ms / before.whole_ms
    change_ms = after.whole_ms - before.whole_ms
    if abs(factor - 1) < 0.05:
        return f"{name} is as fast as {base}: no kind of operation changed much"
    old, new = _by_kind(before.operations), _by_kind(after.operations)
    changes = {kind: _time(new.get(kind, [])) - _time(old.get(kind, [])) for kind in {*old, *new}}
    slower = change_ms > 0
    kind = max(changes, key=lambda one: changes[one] if slower else -changes[one])
    word = f"{factor:.1f} x slower" if slower else f"{1 / factor:.1f} x faster"
    share = changes[kind] / change_ms
    sentence = (
        f"{name} is {word} than {base}: {kind} takes {_time(old.get(kind, [])):.2f} -> "
        f"{_time(new.get(kind, [])):.2f} ms ({share:.0%} of the change)"
    )
    return f"{sentence}; {outside(after)}"


def outside(profile: Profile) -> str:
    """What the delegate left to the built-in kernels, in words."""
    return _undelegated(profile) + _float_islands(profile)


def _float_islands(profile: Profile) -> str:
    islands = [one for one in profile.operations if one.arithmetic == "float"]
    if not islands or len(islands) == len(profile.operations):
        return ""
    kinds = sorted({one.name for one in islands})
    share = _time(islands) / profile.parts_ms if profile.parts_ms else 0.0
    return f"; {len(islands)} compute in float ({', '.join(kinds[:3])}; {share:.0%} of the time)"


def _undelegated(profile: Profile) -> str:
    left = [one for one in profile.operations if one.delegated is False]
    if not profile.partitions:
        return "no delegate runs any of it"
    if not left:
        return f"all {len(profile.operations)} operations run in XNNPACK or the delegate given"
    kinds = sorted(_by_kind(left).items(), key=lambda item: -_time(item[1]))
    named = ", ".join(f"{len(group)} {kind}" for kind, group in kinds[:3])
    share = _time(left) / profile.parts_ms if profile.parts_ms else 0.0
    return (
        f"{len(left)} of {len(profile.operations)} operations fall off the delegate ({named}; "
        f"{share:.0%} of the time), which leaves it {profile.partitions} partitions"
    )


def _by_kind(operations: Sequence[OperationTime]) -> dict[str, list[OperationTime]]:
    groups: dict[str, list[OperationTime]] = defaultdict(list)
    for one in operations:
        groups[one.name].append(one)
    return groups


def _time(operations: Sequence[OperationTime]) -> float:
    return sum(one.time_ms or 0.0 for one in operations)
