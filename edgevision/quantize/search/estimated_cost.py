"""What a file costs to run, estimated from itself: the same on every machine that makes it."""

from edgevision.tflite.arithmetic import INTEGER, arithmetic_of
from edgevision.tflite.cost import costs_of
from edgevision.tflite.read import read_model

FLOAT = 3
"""int8 multiply-adds that take as long as a float one: ResNet50 and MobileNet in int8 take 0.28 and
0.37 of float's time (docs/int8-results.md)."""

BYTE = 6
"""int8 multiply-adds that take as long as moving a byte: converting an element between int8 and
float moves five in 0.5 ns (`operator_latency.conversion_us`), and a multiply-add takes 16 ps."""


def estimated_work(content: bytes) -> int:
    """One run of a `.tflite` in int8 multiply-adds: to rank files of one model, not to tell.

    Arithmetic, and the bytes of what each operator reads and writes; so conversions count too.
    """
    model = read_model(content)
    work = 0
    for operator, cost in zip(model.operators, costs_of(model), strict=True):
        is_integer = arithmetic_of(operator, model) in INTEGER
        touched = [model.tensors[at] for at in (*operator.inputs, *operator.outputs) if at >= 0]
        work += cost.multiply_adds * (1 if is_integer else FLOAT)
        work += BYTE * sum(tensor.size_bytes for tensor in touched)
    return work
