"""A model held open for the loop: frame in, answers and timings out, on one thread."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2

from edgevision.camera.answers import (
    Activation,
    BoxReader,
    Choice,
    ClassReader,
    Reader,
    is_detector,
)
from edgevision.camera.frame import Frame
from edgevision.camera.result import Answer
from edgevision.camera.tensor_input import TensorInput
from edgevision.errors import ModelError
from edgevision.preprocess.contract import Contract
from edgevision.runtime.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at a frame gave, and what it took."""

    answers: tuple[Answer, ...]
    pre_ns: int
    infer_ns: int
    post_ns: int


class Ahead(Protocol):
    """What can be done about a frame before inference is free."""

    def prepare(self, frame: Frame, /) -> None:
        """Make the model's pixels of `frame`; see `TensorInput.prepare`."""


class Looker(Protocol):
    """What the loop asks of a model held open."""

    @property
    def input(self) -> Ahead:
        """Its input."""

    @property
    def runtime(self) -> str:
        """Name and version of the library that runs it."""

    @property
    def xnnpack(self) -> bool:
        """Whether the fast kernels took the model."""

    def look(self, frame: Frame, /) -> Look:
        """Answer about one frame; see `Recognizer.look`."""

    def close(self) -> None:
        """Let go of the model."""


class Recognizer:
    """The `Looker` on a real model: owns the session, its input writer and its output reader.

    Its first act is one run on zeros: that proves that the model works here, and pays for lazy
    set-up before the first frame.
    """

    def __init__(
        self,
        session: Session,
        contract: Contract,
        *,
        labels: Sequence[str] = (),
        activation: Activation | None = None,
        choice: Choice,
        clock_ns: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        """Take over an open session.

        Args:
            session: closed with this.
            contract: how a frame becomes the input.
            labels: one a class; empty numbers them.
            activation: what the model ends in; None looks at the scores.
            choice: which answers are reported.
            clock_ns: for the timings.

        Raises:
            ModelError: the model is neither a classifier nor a detector, or does not run.
        """
        # One thread for OpenCV: its pool would fight with the interpreter's for the same cores.
        cv2.setNumThreads(1)
        self._session = session
        self._clock_ns = clock_ns
        self.input = TensorInput(session, contract)
        self._read: Reader
        if is_detector(session):
            self.kind = "detector"
            self._read = BoxReader(session, contract, labels, choice)
        elif len(session.outputs) == 1:
            self.kind = "classifier"
            self._read = ClassReader(session, labels, choice, activation)
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

    def look(self, frame: Frame) -> Look:
        """Answer about one frame.

        Raises:
            DeviceError: the frame is no picture.
            ModelError: an operation failed while running.
        """
        began = self._clock_ns()
        self.input.write(frame)
        written = self._clock_ns()
        self._session.invoke()
        invoked = self._clock_ns()
        image_height, image_width = frame.unpack().shape[:2]
        answers = self._read(image_width, image_height)
        return Look(
            answers=answers,
            pre_ns=written - began,
            infer_ns=invoked - written,
            post_ns=self._clock_ns() - invoked,
        )

    def close(self) -> None:
        """Let go of the model."""
        self._session.close()
