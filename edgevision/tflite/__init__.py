"""The `.tflite` file format: read with bounds, edited, cut, written; and the one table of operators."""
