"""The float model on its way to being observed: its graph, its image input, its normalization."""

from dataclasses import dataclass

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.transforms.input_affine import Affine
from edgevision.tflite.graph import Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A float graph and how its image input is fed."""

    graph: Graph
    image_input: int
    """Position of the image among the inputs."""
    preprocessing: ImagePreprocessing
    """Preprocessing of `graph` (which may differ from that of the model it came from)."""
    unfolded: Affine | None = None
    """What is to be done to the image input yet, before `graph` sees it; None: nothing."""

    @property
    def image(self) -> int:
        """Tensor of the image."""
        return self.graph.inputs[self.image_input]
