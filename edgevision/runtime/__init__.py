"""Running a `.tflite`: one small protocol over LiteRT, tflite-runtime and tf.lite."""
