"""A camera loop: newest frame in, answer out, for weeks, on a board without TensorFlow."""
