package edgevision.core

/** From the output tensor to real scores, in a buffer allocated once. */
class Postprocessor(private val output: TensorCard) {
    /** Real values of the last output, one per class. */
    val scores = FloatArray(output.shape.last())

    fun int8(values: ByteArray): FloatArray {
        val quantization = checkNotNull(output.quantization) { "the output is float32" }
        require(values.size == scores.size) { "${values.size} values for ${scores.size} classes" }
        for (index in scores.indices) scores[index] = quantization.dequantize(values[index])
        return scores
    }

    fun float32(values: FloatArray): FloatArray {
        require(values.size == scores.size) { "${values.size} values for ${scores.size} classes" }
        return values.copyInto(scores)
    }
}
