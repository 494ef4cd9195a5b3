"""The losses that outputs get when nobody says what they mean."""

from edgevision.metrics.divergence import mean_root_kl
from edgevision.metrics.signal import noise_share
from edgevision.tasks.loss import OutputLoss
from edgevision.tflite import ops
from edgevision.tflite.graph import Graph


def losses_by_form(graph: Graph) -> tuple[OutputLoss, ...]:
    """A divergence for outputs of a softmax, a share of noise for all others in real numbers."""
    producers = graph.producers()
    found = []
    for position, t in enumerate(graph.outputs):
        if not graph.is_float(t):
            continue
        is_softmax = t in producers and graph.operators[producers[t]].name == ops.SOFTMAX
        found.append(
            OutputLoss(
                output=position,
                before_activation=is_softmax,
                function=mean_root_kl if is_softmax else noise_share,
            )
        )
    return tuple(found)
