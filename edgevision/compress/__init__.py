"""Make a Keras model smaller before it is converted: remove channels, fine-tune, mask weights.

`trace` lists what a model calls, `graph` says which channels must go together, `removal` builds
the smaller model, `prune` does all of it towards a target. Everything here needs TensorFlow or
Keras and runs best in a process of its own: see `run`.
"""
