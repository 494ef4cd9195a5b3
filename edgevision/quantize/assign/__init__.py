"""Which operators run in integers, and the scale and zero point of every tensor."""
