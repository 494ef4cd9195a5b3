"""Keeps inference running: starts the thread that it runs on, and replaces one that hangs."""

import logging
import threading
from collections.abc import Callable

from edgevision.camera.loop.predictor import FramePredictor
from edgevision.camera.loop.worker import Worker, WorkerContext
from edgevision.camera.sources.frame import Frame
from edgevision.errors import DeviceError

logger = logging.getLogger(__name__)


class InferenceWatchdog:
    """Owns the current worker, as the watchdog owns the current grabber; driven by `tick`."""

    def __init__(
        self,
        open_predictor: Callable[[], FramePredictor],
        context: WorkerContext,
        *,
        stall_s: float,
        stuck_threads: int,
    ) -> None:
        """Prepare; `start` begins.

        Args:
            open_predictor: opens the model; called again for each replacement.
            context: what every worker works with.
            stall_s: one frame may take this long.
            stuck_threads: with so many threads stuck in native code only a new process helps.
        """
        self._open_predictor = open_predictor
        self._context = context
        self._stall_s = stall_s
        self._stuck_threads = stuck_threads
        self._model: FramePredictor | None = None
        self._is_decided = threading.Event()
        self._worker: Worker | None = None
        self._stuck: list[Worker] = []
        self.runtime, self.xnnpack = "", False

    @property
    def stuck(self) -> int:
        """Abandoned threads that have still not come back."""
        return len(self._stuck)

    def start(self) -> None:
        """Open the model and begin.

        Raises:
            EdgeVisionError: the model cannot be used.
        """
        model = self._open_predictor()
        self.runtime, self.xnnpack = model.runtime, model.xnnpack
        self._model = model
        self._is_decided.set()
        self._begin(lambda: model)

    def prepare(self, frame: Frame) -> None:
        """Make the model's input of `frame` while inference is busy with another.

        Waits until there is a model. A frame that is no picture is left for inference to find.
        """
        self._is_decided.wait()
        if self._model is not None:
            try:
                self._model.input.prepare(frame)
            except DeviceError:
                frame.prepared = None

    def tick(self) -> bool:
        """Look after the thread once; False when it has done all there was to do.

        Raises:
            EdgeVisionError: the model failed, or nothing but a new process will help.
        """
        worker = self._worker
        if worker is None:
            return True
        if worker.error is not None:
            raise worker.error
        self._stuck = [stuck for stuck in self._stuck if stuck.is_alive]
        if worker.busy_s() > self._stall_s:
            worker.abandon()
            self._stuck.append(worker)
            logger.warning("inference hung for %g s; replaced", self._stall_s)
            if len(self._stuck) >= self._stuck_threads:
                message = f"{len(self._stuck)} threads are stuck in inference"
                raise DeviceError(message, hint="start again; systemd does: Restart=always")
            self._begin(self._open_predictor)
        return not worker.has_finished

    def stop(self, timeout: float = 2.0) -> bool:
        """End; False when a thread is stuck and the process has to be left hard."""
        self._is_decided.set()
        workers = [*self._stuck]
        if self._worker is not None:
            self._worker.abandon()
            self._worker.join(timeout)
            workers.append(self._worker)
        return not any(worker.is_alive for worker in workers)

    def _begin(self, open_predictor: Callable[[], FramePredictor]) -> None:
        self._worker = Worker(open_predictor, self._context)
        self._worker.start()
