"""What stands between the thread that grabs frames and the one that looks at them."""

import threading
from collections import deque
from typing import Generic, Protocol, TypeVar

Item = TypeVar("Item")


class Mailbox(Protocol[Item]):
    """Hands items from one thread to another."""

    @property
    def dropped(self) -> int:
        """Items that were put in and never taken out."""

    def put(self, item: Item, /) -> None:
        """Hand over `item`; what is put after `close` is dropped."""

    def take(self, timeout: float) -> Item | None:
        """The next item, or None after `timeout` seconds, or at once when closed and empty."""

    def close(self) -> None:
        """Nothing more will come; wakes whoever waits."""

    @property
    def is_drained(self) -> bool:
        """Whether it is closed and empty."""


class LatestSlot(Generic[Item]):
    """One place: a newer item replaces one not yet taken, which counts as dropped.

    For live sources: however slow the taker is, what it gets is the newest there is.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: Item | None = None
        self._is_closed = False
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Items that were put in and never taken out."""
        return self._dropped

    def put(self, item: Item, /) -> None:
        """Put `item` in the place; never waits."""
        with self._changed:
            if self._is_closed or self._item is not None:
                self._dropped += 1
            if not self._is_closed:
                self._item = item
                self._changed.notify()

    def take(self, timeout: float) -> Item | None:
        """The newest item not yet taken; see `Mailbox.take`."""
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._is_closed, timeout)
            item, self._item = self._item, None
            return item

    def close(self) -> None:
        """Nothing more will come; wakes whoever waits."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    @property
    def is_drained(self) -> bool:
        """Whether it is closed and empty."""
        with self._changed:
            return self._is_closed and self._item is None


class Line(Generic[Item]):
    """First in, first out, with a bound: `put` waits for room, nothing is dropped.

    For files, where every frame counts and none is late.
    """

    def __init__(self, places: int) -> None:
        self._changed = threading.Condition()
        self._items: deque[Item] = deque()
        self._places = places
        self._is_closed = False
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Items put after `close`."""
        return self._dropped

    def put(self, item: Item, /) -> None:
        """Append `item`, waiting until there is room."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._items) < self._places or self._is_closed)
            if self._is_closed:
                self._dropped += 1
                return
            self._items.append(item)
            self._changed.notify_all()

    def take(self, timeout: float) -> Item | None:
        """The oldest item; see `Mailbox.take`."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._items) or self._is_closed, timeout)
            if not self._items:
                return None
            item = self._items.popleft()
            self._changed.notify_all()
            return item

    def close(self) -> None:
        """Nothing more will come; what is in line can still be taken."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    @property
    def is_drained(self) -> bool:
        """Whether it is closed and empty."""
        with self._changed:
            return self._is_closed and not self._items
