"""The `.tflite` file: what it holds, and the model card it carries."""
