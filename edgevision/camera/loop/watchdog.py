"""Keeps a source delivering: reopens one that failed, replaces one that hangs, knows when to quit.

Driven by `tick`, called a few times a second from the main thread; it starts threads and never
waits for one.
"""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from edgevision.camera.loop.grabber import Grabber
from edgevision.errors import DeviceError, EdgeVisionError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchdogPolicy:
    """How long the watchdog waits for what."""

    stall_s: float = 5.0
    """One read may take this long."""
    open_s: float = 15.0
    """Opening may take this long."""
    first_delay_s: float = 0.5
    """Before the first attempt to reopen; doubled each time."""
    longest_delay_s: float = 30.0
    healthy_s: float = 10.0
    """After this long without trouble the delay starts over."""
    stuck_threads: int = 3
    """With so many threads stuck in native code only a new process helps."""
    stuck_s: float = 60.0
    """A stuck thread may be holding the device: without a frame for so long, quit as well."""
    reconnects: int | None = None
    """Attempts to reopen before giving up; None goes on for ever."""
    keep_trying: bool = False
    """Whether a source that cannot be opened even once is tried again."""


class Watchdog:
    """Owns the current grabber."""

    def __init__(
        self,
        make_grabber: Callable[[], Grabber],
        policy: WatchdogPolicy,
        *,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = lambda: random.uniform(0.8, 1.2),  # noqa: S311 - no secret
    ) -> None:
        self._make_grabber = make_grabber
        self._policy = policy
        self._clock = clock
        self._jitter = jitter
        self._stuck: list[Grabber] = []
        self._attempts = 0
        self._reopen_at: float | None = None
        self._was_opened = False
        self._frames_seen = 0
        self._last_frame_at = clock()
        self._up_since: float | None = None
        self.reconnects = 0
        """Attempts to reopen so far."""
        self.stalls = 0
        """Times a source hung."""
        self.last_error = ""
        self.grabber = self._start()

    @property
    def is_up(self) -> bool:
        """Whether frames are expected now: opened, and not between two attempts."""
        return self._reopen_at is None and self.grabber.is_opened

    @property
    def stuck(self) -> int:
        """Abandoned threads that have still not come back."""
        return len(self._stuck)

    def tick(self) -> bool:
        """Look after the source once; False when it has ended and nothing more will come.

        Raises:
            EdgeVisionError: it cannot be opened, or nothing but a new process will help.
        """
        now = self._clock()
        self._stuck = [grabber for grabber in self._stuck if grabber.is_alive]
        self._note_frames(now)
        if self._reopen_at is not None:
            self._check_budget(now)
            if now >= self._reopen_at:
                self._reopen_at = None
                self.reconnects += 1
                self.grabber = self._start()
            return True
        grabber = self.grabber
        self._was_opened = self._was_opened or grabber.is_opened
        limit = self._policy.stall_s if grabber.is_opened else self._policy.open_s
        if grabber.has_ended:
            return False
        if grabber.error is not None:
            self._recover(grabber.error, now)
        elif grabber.busy_s() > limit:
            self.stalls += 1
            verb = "gave no frame" if grabber.is_opened else "did not open"
            self._recover(DeviceError(f"the source {verb} for {limit:g} s"), now)
        self._check_budget(now)
        return True

    def stop(self, timeout: float = 2.0) -> bool:
        """Let the source go; False when a thread is stuck and the process has to be left hard."""
        self.grabber.abandon()
        self.grabber.join(timeout)
        return not self.grabber.is_alive and not any(stuck.is_alive for stuck in self._stuck)

    def _start(self) -> Grabber:
        grabber = self._make_grabber()
        self._frames_seen = 0
        grabber.start()
        return grabber

    def _note_frames(self, now: float) -> None:
        if self.grabber.frames != self._frames_seen:
            self._frames_seen = self.grabber.frames
            self._last_frame_at = now
            self._up_since = now if self._up_since is None else self._up_since
        if self._up_since is not None and now - self._up_since >= self._policy.healthy_s:
            self._attempts = 0

    def _recover(self, error: EdgeVisionError, now: float) -> None:
        grabber = self.grabber
        grabber.abandon()
        self.last_error = str(error)
        self._up_since = None
        if not self._was_opened and not self._policy.keep_trying:
            raise error
        limit = self._policy.reconnects
        if limit is not None and self.reconnects >= limit:
            raise DeviceError(f"gave up after {limit} attempts to reopen: {error}") from error
        if grabber.is_alive:
            self._stuck.append(grabber)
        delay = min(self._policy.longest_delay_s, self._policy.first_delay_s * 2**self._attempts)
        self._attempts = min(self._attempts + 1, 16)
        self._reopen_at = now + delay * self._jitter()
        logger.warning("%s; opening again in %.1f s", error, self._reopen_at - now)

    def _check_budget(self, now: float) -> None:
        hint = "start again (systemd does: Restart=always); if it recurs, power-cycle the camera"
        if len(self._stuck) >= self._policy.stuck_threads:
            message = f"{len(self._stuck)} threads are stuck in the camera's driver"
            raise DeviceError(message, hint=hint)
        if self._stuck and now - self._last_frame_at > self._policy.stuck_s:
            silent_s = now - self._last_frame_at
            message = f"a thread is stuck in the camera's driver; no frame for {silent_s:.0f} s"
            raise DeviceError(message, hint=hint)
