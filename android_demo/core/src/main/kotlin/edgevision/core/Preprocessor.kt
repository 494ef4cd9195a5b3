package edgevision.core

/**
 * From a camera frame to the input tensor: upright, fitted, resized, in colour order, normalized
 * and quantized, in buffers allocated once. Use from one thread.
 */
class Preprocessor(private val contract: Contract, private val quantization: Quantization?) {
    private val table = InputTable(contract)
    private val int8Table = quantization?.let { table.int8(it) }
    private var resize: LinearExact? = null
    private var spot: Placement? = null
    private var frameWidth = 0
    private var frameHeight = 0

    /** The last frame's pixels, 0..255, (height, width, channels) as bytes without sign. */
    val pixels = ByteArray(contract.width * contract.height * contract.channels)

    /** The input tensor when the model takes int8; filled by [run]. */
    val int8 = ByteArray(if (quantization == null) 0 else pixels.size)

    /** The input tensor when the model takes float32; filled by [run]. */
    val float32 = FloatArray(if (quantization == null) pixels.size else 0)

    /** Fills [pixels] and the one of [int8] and [float32] that the model takes. */
    fun run(frame: Frame) {
        toPixels(frame)
        val channels = contract.channels
        var channel = 0
        for (index in pixels.indices) {
            val entry = channel * 256 + (pixels[index].toInt() and 255)
            if (int8Table != null) {
                int8[index] = int8Table[entry]
            } else {
                float32[index] = table.real[entry]
            }
            if (++channel == channels) channel = 0
        }
    }

    private fun toPixels(frame: Frame) {
        val spot = prepare(frame)
        val channels = contract.channels
        val margin = contract.width - spot.width
        val corner = spot.top * contract.width + spot.left
        resize!!.forEachPixel(frame) { index, red, green, blue ->
            val at = (corner + index + index / spot.width * margin) * channels
            when (contract.color) {
                ColorOrder.RGB -> put(at, red, green, blue)
                ColorOrder.BGR -> put(at, blue, green, red)
                ColorOrder.GRAY -> pixels[at] = luma(red, green, blue)
            }
        }
    }

    private fun put(at: Int, first: Int, second: Int, third: Int) {
        pixels[at] = first.toByte()
        pixels[at + 1] = second.toByte()
        pixels[at + 2] = third.toByte()
    }

    /** OpenCV's fixed-point BT.601 weights, as `edgevision.preprocess.pixels.to_gray`. */
    private fun luma(red: Int, green: Int, blue: Int): Byte =
        ((9798 * red + 19235 * green + 3735 * blue + 16384) shr 15).toByte()

    /** The tables for this frame's size; made anew only when the size changes. */
    private fun prepare(frame: Frame): Placement {
        val known = spot
        if (known != null && frame.width == frameWidth && frame.height == frameHeight) return known
        val fresh = place(frame.width, frame.height, contract)
        frameWidth = frame.width
        frameHeight = frame.height
        resize = LinearExact(fresh)
        spot = fresh
        pixels.fill(contract.pad.toByte())
        return fresh
    }
}
