"""A float model whose normalization is one mean and one std, whatever the original's was.

TFLite Metadata readers (MediaPipe's ImageClassifier) refuse normalization per channel. So what
differs between the channels is folded into the graph, as it is for an integer input.
"""

from edgevision.preprocess.image_preprocessing import Contract
from edgevision.quantize.transforms.fold_normalization import absorb
from edgevision.quantize.transforms.input_affine import pixel_contract, remainder
from edgevision.tflite.parse import read_graph
from edgevision.tflite.serialize import to_bytes


def with_scalar_input(content: bytes, contract: Contract) -> tuple[bytes, Contract]:
    """The float `.tflite` `content` with a scalar normalization, and the contract that it has then.

    Its answers to a photo stay the same up to the rounding of float32, also at the border. A model
    that has one already comes back as it is.

    Raises:
        ModelError: the file is damaged.
    """
    if contract.is_scalar:
        return content, contract
    graph, held = read_graph(content), pixel_contract(contract)
    (image,) = [index for index in graph.inputs if len(graph.tensors[index].shape) == 4]
    return to_bytes(absorb(graph, image, remainder(contract, held))), held
