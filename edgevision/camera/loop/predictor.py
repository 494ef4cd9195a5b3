"""A model held open for the loop: frame in, outputs and timings out, on one thread."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
from numpy.typing import NDArray

from edgevision.camera.loop.tensor_input import TensorInput
from edgevision.camera.sources.frame import Frame
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.runtime.session import Session, TensorSpec
from edgevision.tasks.answer import Answer, LabelledItem
from edgevision.tasks.interface import FrameSize
from edgevision.tasks.task import Task
from edgevision.tensors import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What one inference means."""

    answer: Answer
    """What is reported."""
    items: tuple[LabelledItem, ...]
    """Labels down to the lowest score that hysteresis asks for; may be more than the answer has."""


class Decoder(Protocol):
    """Says what outputs about a frame of the given size mean.

    Knows the model but not its session, so that any thread may decode while the model runs again.
    """

    def __call__(self, outputs: tuple[NDArray[Any], ...], frame: FrameSize, /) -> Decoded:
        """Decode copies of the output tensors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """What the model gave for one frame, and when; any thread may read it. Times: `clock_ns`."""

    outputs: tuple[NDArray[Any], ...]
    """Copies of the output tensors, in the model's order."""
    decoder: Decoder
    began_ns: int
    """When the model's input was begun."""
    filled_ns: int
    ended_ns: int
    """When the model had run."""

    def decode(self, frame: FrameSize) -> Decoded:
        """What it means for the frame, whose size this is."""
        return self.decoder(self.outputs, frame)


class TaskDecoder:
    """The `Decoder` of a task: real values of the outputs, condensed once."""

    def __init__(
        self, specs: Sequence[TensorSpec], task: Task, steering: Task | None = None
    ) -> None:
        """Decode outputs `specs` by `task`, and items by `steering` where that is another."""
        self._specs = tuple(specs)
        self._task = task
        self._steering = task if steering is None else steering

    def __call__(self, outputs: tuple[NDArray[Any], ...], frame: FrameSize) -> Decoded:
        """Decode copies of the output tensors."""
        real = tuple(_real(spec, out) for spec, out in zip(self._specs, outputs, strict=True))
        condensed = self._task.condense(real)
        answer = self._task.decode(condensed, frame)
        if self._steering is self._task:
            return Decoded(answer=answer, items=answer.items)
        return Decoded(answer=answer, items=self._steering.decode(condensed, frame).items)


def _real(spec: TensorSpec, output: NDArray[Any]) -> FloatArray:
    """Real values, without the batch axis."""
    values = spec.to_real(output)
    return values.reshape(values.shape[1:]) if values.shape[:1] == (1,) else values


class InputPreparation(Protocol):
    """What can be done about a frame before inference is free."""

    def prepare(self, frame: Frame, /) -> None:
        """Make the model's input of `frame`; see `TensorInput.prepare`."""


class FramePredictor(Protocol):
    """What the loop asks of a model held open."""

    @property
    def input(self) -> InputPreparation:
        """Its input."""

    @property
    def runtime(self) -> str:
        """Name and version of the library that runs it."""

    @property
    def xnnpack(self) -> bool:
        """Whether the fast kernels took the model."""

    def predict(self, frame: Frame, /) -> Inference:
        """Run the model on one frame; see `TflitePredictor.predict`."""

    def close(self) -> None:
        """Let go of the model."""


class TflitePredictor:
    """The `FramePredictor` on a real model: owns the session, its input writer and its decoder.

    Its first act is one run on zeros: that proves that the model works here, and pays for lazy
    set-up before the first frame.
    """

    def __init__(
        self,
        session: Session,
        preprocessing: ImagePreprocessing,
        *,
        task: Task,
        steering: Task | None = None,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Take over an open session.

        Args:
            session: closed with this.
            preprocessing: how a frame becomes the input.
            task: what its outputs mean.
            steering: decodes the items for hysteresis; `task` unless given.
            clock_ns: the clock of `Frame.captured_ns`.

        Raises:
            ModelError: the model does not take the image, or does not run.
        """
        # One thread for OpenCV: its pool would fight with the interpreter's for the same cores.
        cv2.setNumThreads(1)
        self._session = session
        self._clock_ns = clock_ns
        self.input = TensorInput(session, preprocessing)
        self._decoder = TaskDecoder(session.outputs, task, steering)
        session.invoke()

    @property
    def runtime(self) -> str:
        """Name and version of the library that runs it."""
        return self._session.runtime

    @property
    def xnnpack(self) -> bool:
        """Whether the fast kernels took the model."""
        return self._session.is_accelerated

    def predict(self, frame: Frame) -> Inference:
        """Run the model on one frame.

        Raises:
            DeviceError: the frame is no picture.
            ModelError: an operation failed while running.
        """
        began_ns = self._clock_ns()
        self.input.write(frame)
        filled_ns = self._clock_ns()
        self._session.invoke()
        ended_ns = self._clock_ns()
        return Inference(
            outputs=self._session.results(),
            decoder=self._decoder,
            began_ns=began_ns,
            filled_ns=filled_ns,
            ended_ns=ended_ns,
        )

    def close(self) -> None:
        """Let go of the model."""
        self._session.close()
