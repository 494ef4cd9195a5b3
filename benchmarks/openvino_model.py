"""An OpenVINO model open on the CPU, in the shape that timing and scoring ask for."""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import openvino
from numpy.typing import NDArray

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.normalize import normalize
from edgevision.runtime.session import TensorSpec
from edgevision.tensors import FloatArray, Pixels


class OpenVinoModel:
    """Compiled for one thread and exact float32 where it is float; see bench.case.Timeable."""

    def __init__(self, model: "openvino.Model", threads: int = 1) -> None:
        compiled = openvino.Core().compile_model(
            model,
            "CPU",
            {
                "INFERENCE_NUM_THREADS": threads,
                "NUM_STREAMS": 1,
                "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_PRECISION_HINT": "f32",
            },
        )
        self._request = compiled.create_infer_request()
        self.runtime = f"openvino {openvino.__version__.partition('-')[0]}"
        memory = self._request.get_input_tensor().data
        self.inputs = (
            TensorSpec(
                index=0, name="input", shape=memory.shape, dtype=memory.dtype, quantization=None
            ),
        )

    def view(self, spec: TensorSpec) -> NDArray[Any]:
        """The runtime's own memory of the input."""
        memory: NDArray[Any] = self._request.get_input_tensor(spec.index).data
        return memory

    def invoke(self) -> None:
        """Run once on what the input holds."""
        self._request.infer()

    def close(self) -> None:
        """Let go of the model."""
        del self._request

    def scores(self, preprocessing: ImagePreprocessing, images: Iterable[Pixels]) -> FloatArray:
        """(images, classes) scores."""
        rows = []
        for pixels in images:
            self.view(self.inputs[0])[...] = normalize(pixels, preprocessing)[None]
            self.invoke()
            rows.append(np.array(self._request.get_output_tensor(0).data).reshape(-1))
        return np.stack(rows).astype(np.float32)


def size_bytes(model: "openvino.Model") -> int:
    """Of the two files of a saved model together."""
    with tempfile.TemporaryDirectory() as folder:
        openvino.save_model(model, Path(folder) / "model.xml", compress_to_fp16=False)
        return sum(path.stat().st_size for path in Path(folder).iterdir())
