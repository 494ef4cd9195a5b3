"""Results and pictures for viewers: the newest one of each, made only while somebody looks."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from edgevision.camera.loop.mailbox import LatestSlot
from edgevision.camera.loop.result import FrameResult
from edgevision.camera.outputs.jsonl import line_of
from edgevision.camera.outputs.overlay import draw, encode
from edgevision.camera.sources.frame import Frame

_ENCODE_PERIOD_S = 1 / 15
"""Fifteen pictures a second look fluid and leave the processor to the model."""


class Newest:
    """The newest value for any number of followers in one event loop; the slow ones skip."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._value = b""
        self._version = 0
        self._changed = asyncio.Condition()
        self.followers = 0

    def publish(self, value: bytes) -> None:
        """From any thread; nothing is done when nobody follows."""
        if self.followers:
            self._loop.call_soon_threadsafe(self._begin_publish, value)

    def _begin_publish(self, value: bytes) -> None:
        self._value = value
        self._version += 1
        # The task only wakes the followers; it needs no one to wait for it.
        self._task = self._loop.create_task(self._wake())

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    @contextmanager
    def following(self) -> Iterator[Callable[[float], Awaitable[bytes]]]:
        """A function that waits for the next value; b"" when none came in the seconds given.

        What is published while the caller is busy is skipped.
        """
        self.followers += 1
        seen = self._version

        async def next_value(timeout: float) -> bytes:
            nonlocal seen
            try:
                async with self._changed:
                    await asyncio.wait_for(
                        self._changed.wait_for(lambda: self._version != seen), timeout
                    )
                    seen = self._version
                    return self._value
            except TimeoutError:
                return b""

        try:
            yield next_value
        finally:
            self.followers -= 1


class Hub:
    """What the server shows. `offer` is called by the inference thread and returns at once."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.pictures = Newest(loop)
        self.results = Newest(loop)
        self._slot: LatestSlot[tuple[FrameResult, Frame]] = LatestSlot()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._encode, name="view", daemon=True)
        self._thread.start()

    @property
    def viewers(self) -> int:
        """Open streams of pictures and of results."""
        return self.pictures.followers + self.results.followers

    def offer(self, result: FrameResult, frame: Frame) -> None:
        """Show this next, if anybody looks."""
        if self.pictures.followers:
            self._slot.put((result, frame))
        if self.results.followers:
            self.results.publish(line_of(result).encode())

    def close(self) -> None:
        """End the encoding thread."""
        self._closing.set()
        self._slot.close()
        self._thread.join(1.0)

    def _encode(self) -> None:
        while not self._closing.is_set():
            newest = self._slot.take(1.0)
            if newest is None:
                continue
            picture = encode(draw(*newest))
            # Let go of the frame before pausing.
            del newest
            self.pictures.publish(picture)
            self._closing.wait(_ENCODE_PERIOD_S)
