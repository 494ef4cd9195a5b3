"""Plain values to frozen dataclasses, checked field by field; errors hold the path to the field."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, is_dataclass, replace
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin

from edgevision.errors import EdgeVisionError, UsageError
from edgevision.serialization.limits import OWN, Limits
from edgevision.serialization.rules import Rules, Unknown, about, inside, subject
from edgevision.serialization.scalars import SCALARS, are_integers, is_among
from edgevision.serialization.schema import (
    AS_TYPED,
    TAG,
    Form,
    bare,
    entries_of,
    form_of,
    is_mapping,
    is_union,
    tagged,
)

T = TypeVar("T")


def from_plain(
    kind: type[T],
    plain: object,
    *,
    where: str,
    base: T | None = None,
    limits: Limits = OWN,
    unknown: Unknown = "ignore",
    error: type[EdgeVisionError] = UsageError,
    hint: str = "",
) -> T:
    """The `kind`, a dataclass or what a field of one may be, with the content of `plain`.

    Types: bool, int (64 bits), float, str, Path, Literal, Enum (by value), Any, None, dataclasses,
    `tuple[T, ...]`, tuples of fixed length, `dict[str, T]`, and unions of what JSON tells apart;
    of several dataclasses by their "type" entry. `Form` says what else a field may look like.

    `where` names the document in errors: "card" gives "card.inputs[0].shape", a file's path with a
    colon "set.toml: seed"; `hint` says what to do about a bad one. Fields that `plain` lacks are
    taken from `base`, else from their defaults; `unknown` says what becomes of names beside them.

    >>> from_plain(tuple[int, ...], [1, 2], where="shape")
    (1, 2)

    Raises:
        EdgeVisionError: of class `error`: a field is missing or unknown, or a value has the wrong
            type, breaks a limit, or is refused by its dataclass.
    """
    decoder = _Decoder(rules=Rules(limits=limits, unknown=unknown, error=error, hint=hint))
    value: T = (
        decoder.read(kind, plain, where)
        if base is None
        else decoder.read_dataclass(kind, AS_TYPED, plain, where, base=base)
    )
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decoder:
    rules: Rules

    def read(self, annotation: Any, plain: Any, where: str, outer: Form = AS_TYPED) -> Any:
        """The value of type `annotation` at `where`; `outer` is the form of the union it is in."""
        kind, form = bare(annotation), form_of(annotation, default=outer)
        if kind in SCALARS:
            return SCALARS[kind](self.rules, form, plain, where)
        if is_dataclass(kind):
            return self.read_dataclass(kind, form, plain, where)
        if is_union(kind):
            return self._union(kind, form, plain, where)
        if get_origin(kind) is tuple:
            read = self._pairs if form.pairs else self._tuple
            return read(get_args(kind), form, plain, where)
        if is_mapping(kind):
            return dict(self._members(get_args(kind), form, plain, where))
        return self._choice(kind, plain, where)

    def read_dataclass(
        self, kind: Any, form: Form, plain: Any, where: str, *, base: Any = None
    ) -> Any:
        """The dataclass `kind`, on top of `base`."""
        if not isinstance(plain, dict):
            self.rules.refuse(where, "an object", plain)
        entries = entries_of(kind)
        if (form.unknown or self.rules.unknown) == "refuse":
            self._refuse_unknown(plain, [entry.key for entry in entries], where)
        found = {}
        for entry in entries:
            place = inside(where, entry.key)
            if entry.key in plain:
                found[entry.name] = self.read(entry.kind, plain[entry.key], place)
            elif entry.is_required and base is None:
                self.rules.fail(f"{place} is missing")
        try:
            return kind(**found) if base is None else replace(base, **found)
        except (ValueError, OverflowError) as error:
            # What the dataclass itself refuses: under the caller's class, with the place.
            hint = getattr(error, "hint", "") or self.rules.hint
            raise self.rules.error(about(where, str(error)), hint=hint) from error

    def _refuse_unknown(self, plain: dict[Any, Any], known: list[str], where: str) -> None:
        for name in plain:
            if name not in known:
                near = difflib.get_close_matches(str(name)[:100], known, n=1)
                self.rules.fail(
                    about(where, f"unknown name {name!r:.60}"),
                    f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}",
                )

    def _union(self, kind: Any, form: Form, plain: Any, where: str) -> Any:
        members = get_args(kind)
        if plain is None and NoneType in members:
            return None
        if (classes := tagged(kind)) and isinstance(plain, dict):
            name = plain.get(TAG)
            if not isinstance(name, str) or name not in classes:
                self.rules.refuse(inside(where, TAG), f"one of {', '.join(classes)}", name)
            content = {key: entry for key, entry in plain.items() if key != TAG}
            return self.read_dataclass(classes[name], form, content, where)
        others = [one for one in members if one is not NoneType]
        # A whole number is an int before it is a float; what fits none is refused as the first.
        fitting = [one for one in others if bare(one) is type(plain)]
        fitting += [one for one in others if _looks_like(bare(one), plain)]
        return self.read((fitting or others)[0], plain, where, form)

    def _tuple(
        self, arguments: tuple[Any, ...], form: Form, plain: Any, where: str
    ) -> tuple[Any, ...]:
        if form.one_or_many and not isinstance(plain, (list, tuple)):
            plain = (plain,)
        if not isinstance(plain, (list, tuple)):
            self.rules.refuse(where, "a list", plain)
        if arguments[1:] == (Ellipsis,):
            self._check_count("a list", form, plain, where)
            if arguments[0] is int and are_integers(plain):
                # Raw samples come by the ten thousand.
                return tuple(plain)
            arguments = arguments[:1] * len(plain)
        if len(arguments) != len(plain):
            wanted = "entry" if len(arguments) == 1 else "entries"
            self.rules.refuse(where, f"a list of {len(arguments)} {wanted}", plain)
        return tuple(
            self.read(kind, entry, f"{where}[{index}]")
            for index, (kind, entry) in enumerate(zip(arguments, plain, strict=True))
        )

    def _pairs(
        self, arguments: tuple[Any, ...], form: Form, plain: Any, where: str
    ) -> tuple[tuple[Any, Any], ...]:
        return tuple(self._members(get_args(arguments[0]), form, plain, where))

    def _members(
        self, kinds: tuple[Any, ...], form: Form, plain: Any, where: str
    ) -> Iterator[tuple[Any, Any]]:
        """The entries of an object, whose names and values are of the two `kinds`."""
        if not isinstance(plain, dict):
            self.rules.refuse(where, "an object", plain)
        self._check_count("an object", form, plain, where)
        for name, value in plain.items():
            # The name first: it becomes part of the place.
            key = self.read(kinds[0], name, f"a name in {subject(where)}")
            yield key, self.read(kinds[1], value, inside(where, str(name)))

    def _check_count(self, what: str, form: Form, plain: Any, where: str) -> None:
        most = self.rules.limits.items if form.max_items is None else form.max_items
        if len(plain) > most:
            message = f"{subject(where)} should be {what} of at most {most} entries"
            self.rules.fail(f"{message}, not {len(plain)}")

    def _choice(self, kind: Any, plain: Any, where: str) -> Any:
        choices = _choices(kind)
        if choices is None:
            message = f"{where}: no {kind!r} can be read from a document"
            raise TypeError(message)
        if not is_among(plain, choices):
            self.rules.refuse(where, f"one of {', '.join(map(str, choices))}", plain)
        return plain if get_origin(kind) is Literal else kind(plain)


def _choices(kind: Any) -> tuple[Any, ...] | None:
    """The values of a Literal or an Enum as a document spells them."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return tuple(one.value for one in kind)
    return None


def _looks_like(kind: Any, plain: Any) -> bool:
    """Whether `plain` has the JSON type of a `kind`."""
    if is_dataclass(kind) or is_mapping(kind):
        return isinstance(plain, dict)
    if get_origin(kind) is tuple:
        return isinstance(plain, (list, tuple))
    if (choices := _choices(kind)) is not None:
        return is_among(plain, choices)
    if kind is float:
        return isinstance(plain, int) and not isinstance(plain, bool)
    return kind is Any or (kind is Path and isinstance(plain, str))
