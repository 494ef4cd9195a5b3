"""Finding Keras layers in tensor names."""

from edgevision.tflite.layer_names import layer_of

LAYERS = ("Conv1", "bn_Conv1", "Conv1_relu", "conv2d", "conv2d_1", "inner", "inner/conv2d")
FUSED = "model/Conv1_relu/Relu6;model/bn_Conv1/batchnorm/add_1;model/Conv1/convolution"


def test_a_fused_convolution_is_named_for_the_layer_with_the_weights() -> None:
    assert layer_of(FUSED, LAYERS) == "Conv1"


def test_a_layer_is_matched_by_its_whole_name() -> None:
    assert layer_of("model/conv2d_1/convolution", LAYERS) == "conv2d_1"
    assert layer_of("model/conv2d_12/convolution", LAYERS) is None


def test_a_layer_of_a_nested_model_keeps_its_path() -> None:
    assert layer_of("model/inner/conv2d/convolution", LAYERS) == "inner/conv2d"


def test_a_second_call_of_a_shared_layer_is_the_same_layer() -> None:
    assert layer_of("model/conv2d/convolution_1", LAYERS) == "conv2d"


def test_constants_belong_to_no_layer() -> None:
    assert layer_of("arith.constant", LAYERS) is None
