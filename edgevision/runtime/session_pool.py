"""Several sessions of one model, each in a thread of its own: many images at once.

Two sessions of one thread answer more images a second than one of two threads, whose threads wait
for each other after every operator; and what is done with the answers goes on beside.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

from edgevision.runtime.closing import Closing
from edgevision.runtime.session import Image, Result, Session, TensorSpec, usable_cpus
from edgevision.tflite.read import read_content

LARGE_BYTES = 64 << 20
"""Each session holds the weights, packed for its kernels: larger models get one session."""


class SessionPool(Closing):
    """A `.tflite` open in as many sessions as pay off; use with `with`."""

    def __init__(
        self, model: Path | bytes, *, sessions: int | None = None, threads: int | None = None
    ) -> None:
        """Open `model`; on all usable CPUs (or `threads` of them), in two sessions or as given.

        Raises:
            MissingDependencyError: no runtime library works here.
            ModelError: the runtime refuses the model.
        """
        content = read_content(model)
        cpus = threads or usable_cpus()
        count = sessions or (1 if len(content) > LARGE_BYTES else min(2, cpus))
        with ExitStack() as opening:
            self._sessions = [
                opening.enter_context(Session(content, threads=max(1, cpus // count)))
                for _ in range(count)
            ]
            self._open = opening.pop_all()

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """In the model's order."""
        return self._sessions[0].inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """In the model's order."""
        return self._sessions[0].outputs

    def map(
        self, function: Callable[[Session, Image], Result], images: Iterable[Image]
    ) -> Iterator[Result]:
        """What `function` makes of each image, in their order.

        Images are drawn in this thread, a few ahead of the result that is waited for.
        """
        if len(self._sessions) == 1:
            yield from self._sessions[0].map(function, images)
            return
        idle: SimpleQueue[Session] = SimpleQueue()
        for session in self._sessions:
            idle.put(session)

        def take(image: Image) -> Result:
            session = idle.get()
            try:
                return function(session, image)
            finally:
                idle.put(session)

        ahead: deque[Future[Result]] = deque()
        with ThreadPoolExecutor(len(self._sessions)) as threads:
            try:
                for image in images:
                    ahead.append(threads.submit(take, image))
                    if len(ahead) > len(self._sessions):
                        yield ahead.popleft().result()
                while ahead:
                    yield ahead.popleft().result()
            finally:
                for one in ahead:
                    one.cancel()

    def close(self) -> None:
        """Let go of all sessions."""
        self._open.close()
