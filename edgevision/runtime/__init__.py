"""Running a `.tflite`: one `Session` over LiteRT, tflite-runtime and tf.lite."""
