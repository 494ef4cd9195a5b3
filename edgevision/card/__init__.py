"""The model card: what travels with a `.tflite`, and how it is written into it and found again."""
