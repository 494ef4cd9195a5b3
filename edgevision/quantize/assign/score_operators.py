"""The operators that turn logits into the scores a caller reads, and why they may stay in float.

In int8 a softmax or sigmoid writes steps of 1/256: of a thousand classes nearly all become 0, and a
probability of 0.002 is one or nothing. NNCF leaves them in float too. They compute on one
number a class, so the float kernel costs nothing that can be measured.
"""

from edgevision.quantize.assign.integer_part import bits_of
from edgevision.quantize.step import FloatStep, Scope
from edgevision.tflite.graph import Graph, OperatorId
from edgevision.tflite.ops.kinds import kind_of

REASON = "float32 scores would come in steps of 1/256"


def score_operators(graph: Graph) -> frozenset[OperatorId]:
    """The softmax or sigmoid behind each float output, and of what moves its scores.

    Movers of data (reshape, squeeze, ...) between it and the output belong to it. An output that
    comes from anything else, or an activation that other operators read too, contributes nothing.
    """
    producers, consumers = graph.producers(), graph.consumers()
    found: set[OperatorId] = set()
    for output in graph.outputs:
        path: list[OperatorId] = []
        tensor = output
        while tensor in producers and graph.is_float(tensor):
            op = graph.operators[producers[tensor]]
            rule = kind_of(op.name)
            if rule.scaling not in {"same", "fixed"}:
                break
            if len(consumers.get(tensor, ())) > (tensor != output):
                break
            path.append(op.id)
            if rule.scaling == "fixed":
                found |= set(path)
                break
            tensor = op.inputs[0]
    return frozenset(found)


def _applies(scope: Scope) -> bool:
    return scope.recipe.output_type == "float32" and bits_of(scope.recipe) == 8


FLOAT_SCORES = FloatStep(
    name="float_scores",
    applies=_applies,
    apply=lambda graph: dict.fromkeys(score_operators(graph), REASON),
)
