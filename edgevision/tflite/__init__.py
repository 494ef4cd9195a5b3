"""The `.tflite` file format: read with bounds, edited, cut and written."""
