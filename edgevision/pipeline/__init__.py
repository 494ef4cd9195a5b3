"""`optimize`: all stages in order, from a Keras model and photos to files that prove themselves.

`quantize_file` is the stages that `quantize` has of them.
"""
