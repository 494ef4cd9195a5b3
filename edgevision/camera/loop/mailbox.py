"""What stands between a thread that makes something and one that takes it."""

import threading
from abc import ABC, abstractmethod
from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Mailbox(ABC, Generic[Item]):
    """Hands items from one thread to another; what `put` does without room is for subclasses."""

    def __init__(self, capacity: int) -> None:
        self._changed = threading.Condition()
        self._items: deque[Item] = deque()
        self._capacity = capacity
        self._is_closed = False
        self.dropped = 0
        """Items that were put in and can never be taken out."""

    def put(self, item: Item, /) -> None:
        """Hand over `item`; what is put after `close` is dropped."""
        with self._changed:
            self._make_room()
            if self._is_closed:
                self.dropped += 1
                return
            self._items.append(item)
            self._changed.notify_all()

    def take(self, timeout: float) -> Item | None:
        """The next item, or None after `timeout` seconds, or at once when closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._is_closed, timeout)
            if not self._items:
                return None
            item = self._items.popleft()
            self._changed.notify_all()
            return item

    def close(self) -> None:
        """Nothing more will come; wakes whoever waits. What is there can still be taken."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    @property
    def is_drained(self) -> bool:
        """Whether it is closed and empty."""
        with self._changed:
            return self._is_closed and not self._items

    @abstractmethod
    def _make_room(self) -> None:
        """Called with the lock held, before an item is added."""


class LatestSlot(Mailbox[Item]):
    """One place: a newer item replaces one not yet taken, which counts as dropped.

    For live sources: however slow the taker is, what it gets is the newest there is.
    """

    def __init__(self) -> None:
        super().__init__(1)

    def _make_room(self) -> None:
        if self._items and not self._is_closed:
            self._items.clear()
            self.dropped += 1


class BoundedQueue(Mailbox[Item]):
    """First in, first out, with a bound: `put` waits for room, nothing is dropped.

    For files, where every frame counts and none is late.
    """

    def _make_room(self) -> None:
        self._changed.wait_for(lambda: len(self._items) < self._capacity or self._is_closed)
