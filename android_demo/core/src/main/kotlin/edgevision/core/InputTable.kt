package edgevision.core

/**
 * What each pixel value becomes in the input tensor, by channel: preprocessing is one look-up per
 * value. The twin of `edgevision.preprocess.normalize.input_table`.
 */
internal class InputTable(contract: Contract) {
    /** Real values, index = channel * 256 + pixel. */
    val real = FloatArray(256 * contract.channels)

    init {
        for (channel in 0 until contract.channels) {
            // The factors are rounded to float32 once; then one multiply and one add in float32.
            val scale = (1 / contract.std[channel]).toFloat()
            val offset = (-contract.mean[channel] / contract.std[channel]).toFloat()
            for (pixel in 0..255) {
                real[channel * 256 + pixel] = pixel.toFloat() * scale + offset
            }
        }
    }

    /** The same, quantized. */
    fun int8(to: Quantization) = ByteArray(real.size) { to.quantize(real[it]) }
}
