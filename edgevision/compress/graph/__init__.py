"""A Keras model as a graph of channels: what can go together, what it saves, and removing it."""
