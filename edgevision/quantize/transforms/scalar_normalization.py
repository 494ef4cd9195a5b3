"""A float model whose normalization is one mean and one std, whatever the original's was.

TFLite Metadata readers (MediaPipe's ImageClassifier) refuse normalization per channel. So what
differs between the channels is folded into the graph, as it is for an integer input.
"""

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.transforms.fold_normalization import fold_normalization
from edgevision.quantize.transforms.input_affine import pixel_preprocessing, remainder
from edgevision.tflite.parse import parse
from edgevision.tflite.serialize import serialize


def with_scalar_normalization(
    content: bytes, preprocessing: ImagePreprocessing
) -> tuple[bytes, ImagePreprocessing]:
    """The float `.tflite` `content` with a scalar normalization, and its preprocessing then.

    Its answers to a photo stay the same up to the rounding of float32, also at the border. A model
    that has one already comes back as it is.

    Raises:
        ModelError: the file is damaged.
    """
    if preprocessing.is_scalar:
        return content, preprocessing
    graph, held = parse(content), pixel_preprocessing(preprocessing)
    (image,) = [index for index in graph.inputs if len(graph.tensors[index].shape) == 4]
    return serialize(fold_normalization(graph, image, remainder(preprocessing, held))), held
