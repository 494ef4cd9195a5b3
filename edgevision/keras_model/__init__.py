"""Keras model files: checked, loaded, and the child process in which TensorFlow does that.

`compress` and `convert` both stand on this, so that what one of them reads the other reads too.
"""
