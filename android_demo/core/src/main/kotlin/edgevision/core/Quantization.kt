package edgevision.core

/** One scale and zero point for a whole int8 tensor: real = scale * (q - zeroPoint). */
class Quantization(val scale: Double, val zeroPoint: Int) {
    init {
        if (!scale.isFinite() || scale <= 0) throw CardException("scale $scale is not positive")
        if (zeroPoint !in -128..127) throw CardException("zero point $zeroPoint is no int8")
    }

    /** The int8 nearest to `real` (ties to even), saturated; the twin of tensors.quantize. */
    fun quantize(real: Float): Byte = // The widened float32 is divided in float64, as NumPy does.
        (Math.rint(real.toDouble() / scale) + zeroPoint).coerceIn(-128.0, 127.0).toInt().toByte()

    /** Real value of `q`; the twin of tensors.dequantize. */
    fun dequantize(q: Byte): Float = scale.toFloat() * (q - zeroPoint).toFloat()
}
