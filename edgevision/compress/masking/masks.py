"""Holding the smallest weights of a model at zero while it is trained.

This makes neither the `.tflite` smaller nor int8 inference on XNNPACK faster: zeros are stored
and multiplied like other numbers. It pays where files travel compressed, and on hardware that
skips 2:4 zeros.
"""

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.compress.graph.trace import trace
from edgevision.compress.masking.plan import MaskingPlan
from edgevision.compress.masking.schedules import Schedule
from edgevision.compress.report import Sparsity
from edgevision.compress.rules.rule import is_plain, kind

# Depthwise kernels have few weights, and each of them matters (TF-MOT leaves them alone too).
_MASKED = "Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose Dense"


def masked_kernels(model: Any, plan: MaskingPlan) -> list[Any]:
    """The kernel variables of `model` that `plan` applies to, in the model's order."""
    layers = {id(call.operation): call.operation for call in trace(model).calls}
    names = {f"layers.{name}" for name in _MASKED.split()}
    kernels = [
        layer.kernel for layer in layers.values() if kind(layer) in names and is_plain(layer)
    ]
    if plan.two_of_four:
        return [kernel for kernel in kernels if kernel.shape[-2] % 4 == 0]
    return kernels


def smallest_masked(kernel: NDArray[Any], sparsity: float) -> NDArray[np.bool_]:
    """True for the weights to keep: all but the share `sparsity` that is smallest."""
    zeros = round(sparsity * kernel.size)
    mask = np.ones(kernel.size, np.bool_)
    mask[np.argsort(np.abs(kernel), axis=None, kind="stable")[:zeros]] = False
    return mask.reshape(kernel.shape)


def two_of_four_masked(kernel: NDArray[Any]) -> NDArray[np.bool_]:
    """True for the two largest of every four weights that follow along the input channels."""
    moved = np.moveaxis(kernel, -2, -1)
    fours = np.abs(moved).reshape(-1, 4)
    mask = np.zeros(fours.shape, np.bool_)
    largest = np.argsort(-fours, axis=1, kind="stable")[:, :2]
    np.put_along_axis(mask, largest, values=True, axis=1)
    return np.moveaxis(mask.reshape(moved.shape), -1, -2)


class Masker:
    """Applies masks to a model in training: pass `after_step` to `fine_tune`."""

    def __init__(self, plan: MaskingPlan, schedule: Schedule) -> None:
        """Masks follow `schedule`; nothing is masked before it says so."""
        self._plan = plan
        self._schedule = schedule
        self._masks: list[NDArray[np.bool_]] | None = None

    def after_step(self, step: int, model: Any) -> None:
        """Choose anew which weights are zero when that is due, and zero them again."""
        kernels = masked_kernels(model, self._plan)
        is_due, sparsity = self._schedule(step)
        if is_due or self._masks is None:
            self._masks = [self._mask(np.asarray(kernel), sparsity) for kernel in kernels]
        for kernel, mask in zip(kernels, self._masks, strict=True):
            kernel.assign(np.asarray(kernel) * mask)

    def _mask(self, kernel: NDArray[Any], sparsity: float) -> NDArray[np.bool_]:
        if self._plan.two_of_four:
            # There are no halves of it: from the first step that wants zeros, it is all 2:4.
            return two_of_four_masked(kernel) if sparsity > 0 else np.ones(kernel.shape, np.bool_)
        return smallest_masked(kernel, sparsity)


def mask_once(model: Any, plan: MaskingPlan) -> None:
    """Zero the smallest weights of `model` in place, without training."""
    Masker(plan, lambda _step: (True, plan.sparsity)).after_step(0, model)


def sparsity_of(model: Any, plan: MaskingPlan) -> Sparsity:
    """Zeros in the kernels of `plan`, and what all weights take as they are and compressed."""
    kernels = [np.asarray(kernel) for kernel in masked_kernels(model, plan)]
    content = b"".join(np.asarray(weight, np.float32).tobytes() for weight in model.weights)
    return Sparsity(
        weights=sum(kernel.size for kernel in kernels),
        zeros=sum(int((kernel == 0).sum()) for kernel in kernels),
        file_bytes=len(content),
        zipped_bytes=len(zlib.compress(content, 9)),
    )
