"""A model held open for the loop: frame in, outputs and timings out, on one thread."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2

from edgevision.camera.loop.postprocess import (
    Activation,
    AnswerFilter,
    BoxReader,
    ClassReader,
    Outputs,
    Reader,
    is_detector,
)
from edgevision.camera.loop.result import Answer
from edgevision.camera.loop.tensor_input import TensorInput
from edgevision.camera.sources.frame import Frame
from edgevision.errors import ModelError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.runtime.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """What the model gave for one frame, and when; any thread may read it. Times: `clock_ns`."""

    outputs: Outputs
    reader: Reader
    began_ns: int
    """When the model's input was begun."""
    filled_ns: int
    ended_ns: int
    """When the model had run."""

    def answers(self, width: int, height: int) -> tuple[Answer, ...]:
        """The answers about the frame, whose size this is; best first."""
        return self.reader(self.outputs, width, height)


class InputPreparation(Protocol):
    """What can be done about a frame before inference is free."""

    def prepare(self, frame: Frame, /) -> None:
        """Make the model's input of `frame`; see `TensorInput.prepare`."""


class Predictor(Protocol):
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
    """The `Predictor` on a real model: owns the session, its input writer and its output reader.

    Its first act is one run on zeros: that proves that the model works here, and pays for lazy
    set-up before the first frame.
    """

    def __init__(
        self,
        session: Session,
        preprocessing: ImagePreprocessing,
        *,
        labels: Sequence[str] = (),
        activation: Activation | None = None,
        answer_filter: AnswerFilter,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Take over an open session.

        Args:
            session: closed with this.
            preprocessing: how a frame becomes the input.
            labels: one a class; empty numbers them.
            activation: what the model ends in; None: the scores tell.
            answer_filter: which answers are reported.
            clock_ns: the clock of `Frame.captured_ns`.

        Raises:
            ModelError: the model is neither a classifier nor a detector, or does not run.
        """
        # One thread for OpenCV: its pool would fight with the interpreter's for the same cores.
        cv2.setNumThreads(1)
        self._session = session
        self._clock_ns = clock_ns
        self.input = TensorInput(session, preprocessing)
        self._reader: Reader
        if is_detector(session.outputs):
            self._reader = BoxReader(session.outputs, preprocessing, labels, answer_filter)
        elif len(session.outputs) == 1:
            self._reader = ClassReader(session.outputs[0], labels, answer_filter, activation)
        else:
            message = f"a model with {len(session.outputs)} outputs is no classifier or detector"
            raise ModelError(message, hint="detectors need their post-processing inside")
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
            reader=self._reader,
            began_ns=began_ns,
            filled_ns=filled_ns,
            ended_ns=ended_ns,
        )

    def close(self) -> None:
        """Let go of the model."""
        self._session.close()
