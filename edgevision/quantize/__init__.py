"""Float `.tflite` to int8, fp16, dynamic or int16x8 `.tflite`; no TensorFlow."""
