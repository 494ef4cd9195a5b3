"""What a dataclass says about its spelling: an entry for each field, and forms beside the usual."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from edgevision.serialization.rules import Unknown

TAG = "type"
"""Entry with the class's name, where a field may hold one of several dataclasses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How one field is spelled when its type alone does not say: `Annotated[T, Form(...)]`."""

    key: str = ""
    """Name of its entry; the field's own when empty."""
    max_items: int | None = None
    """Instead of `Limits.items`."""
    max_characters: int | None = None
    """Instead of `Limits.characters`; for the texts in a list, annotate the text."""
    one_or_many: bool = False
    """A tuple: a value alone stands for a list of one. Written as a list."""
    pairs: bool = False
    """`tuple[tuple[str, T], ...]`: spelled as an object, in its order."""
    unknown: Unknown | None = None
    """A dataclass: for the names in it, instead of what the reader was told."""


AS_TYPED = Form()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One field of a dataclass, and the entry it is spelled as."""

    name: str
    key: str
    kind: Any
    """The annotation, `Annotated` included."""
    is_required: bool


@cache
def entries_of(kind: type) -> tuple[Entry, ...]:
    """The entries of a dataclass, in the order of its fields; none for `init=False`."""
    hints = get_type_hints(kind, include_extras=True)
    return tuple(
        Entry(
            name=field.name,
            key=form_of(hints[field.name]).key or field.name,
            kind=hints[field.name],
            is_required=field.default is MISSING and field.default_factory is MISSING,
        )
        for field in fields(kind)
        if field.init
    )


def form_of(kind: Any, *, default: Form = AS_TYPED) -> Form:
    """The form in an annotation; `default` without."""
    notes = get_args(kind)[1:] if get_origin(kind) is Annotated else ()
    return next((note for note in notes if isinstance(note, Form)), default)


def bare(kind: Any) -> Any:
    """The type in an annotation."""
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def is_union(kind: Any) -> bool:
    """Whether `kind` is a union, None included."""
    return get_origin(kind) in {Union, UnionType}


def is_mapping(kind: Any) -> bool:
    """Whether `kind` is `dict[K, V]` or `Mapping[K, V]`."""
    return get_origin(kind) in {dict, Mapping}


@cache
def tagged(kind: Any) -> dict[str, type]:
    """The dataclasses in a union of several, by the name in their `TAG` entry; else empty.

    Raises:
        TypeError: one of them has an entry of that name itself.
    """
    kind = bare(kind)
    if not is_union(kind):
        return {}
    members = [one for one in map(bare, get_args(kind)) if isinstance(one, type)]
    classes = {one.__name__: one for one in members if is_dataclass(one)}
    if len(classes) < 2:
        return {}
    for name, one in classes.items():
        if any(entry.key == TAG for entry in entries_of(one)):
            message = f"{name} has an entry {TAG!r} of its own: it cannot be one of several"
            raise TypeError(message)
    return classes
