"""Keras model -> float `.tflite`; TensorFlow runs in a child process and nowhere else."""
