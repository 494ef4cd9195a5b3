package edgevision.core

/**
 * One side of a bilinear resize in fixed point: output `i` is
 * `(256 - weight[i]) * source[first[i]] + weight[i] * source[second[i]]`.
 *
 * The arithmetic of OpenCV's INTER_LINEAR_EXACT (modules/imgproc/src/resize.cpp,
 * interpolationLinear): positions in float64, weights rounded to 1/256 with ties to even, edges
 * repeated. Both languages do IEEE arithmetic, so both get the same weights.
 */
internal class Axis(sourceSize: Int, size: Int) {
    val first = IntArray(size)
    val second = IntArray(size)
    val weight = IntArray(size)

    init {
        // Not sourceSize / size: the reciprocal of the rounded ratio is what OpenCV uses.
        val scale = 1.0 / (size.toDouble() / sourceSize)
        for (index in 0 until size) {
            val position = scale * (index + 0.5) - 0.5
            val below = Math.floor(position).toInt()
            if (below >= 0 && below < sourceSize - 1) {
                first[index] = below
                second[index] = below + 1
                weight[index] = Math.rint((position - below) * 256).toInt()
            } else {
                first[index] = if (below < 0) 0 else sourceSize - 1
                second[index] = first[index]
            }
        }
    }
}

/**
 * Resizes part of a frame to a fixed size, bit for bit as cv2.INTER_LINEAR_EXACT does.
 *
 * Sums are exact until the last rounding, so columns and rows may be mixed in any order and a
 * rotated frame needs no copy. When the sizes are equal all weights are 0: a plain copy.
 */
internal class LinearExact(private val spot: Placement) {
    private val columns = Axis(spot.sourceWidth, spot.width)
    private val rows = Axis(spot.sourceHeight, spot.height)
    private val firstColumn = IntArray(spot.width)
    private val secondColumn = IntArray(spot.width)

    /** Calls `put(index, red, green, blue)` for each output pixel, `index` counting by rows. */
    inline fun forEachPixel(frame: Frame, put: (Int, Int, Int, Int) -> Unit) {
        val bytes = frame.bytes
        prepare(frame)
        val top = frame.origin + spot.sourceTop * frame.yStep
        var index = 0
        for (row in 0 until spot.height) {
            val above = top + rows.first[row] * frame.yStep
            val below = top + rows.second[row] * frame.yStep
            val down = rows.weight[row]
            for (column in 0 until spot.width) {
                val right = columns.weight[column]
                val w00 = (256 - down) * (256 - right)
                val w01 = (256 - down) * right
                val w10 = down * (256 - right)
                val w11 = down * right
                val p00 = above + firstColumn[column]
                val p01 = above + secondColumn[column]
                val p10 = below + firstColumn[column]
                val p11 = below + secondColumn[column]
                put(
                    index++,
                    mix(bytes, p00, p01, p10, p11, w00, w01, w10, w11),
                    mix(bytes, p00 + 1, p01 + 1, p10 + 1, p11 + 1, w00, w01, w10, w11),
                    mix(bytes, p00 + 2, p01 + 2, p10 + 2, p11 + 2, w00, w01, w10, w11),
                )
            }
        }
    }

    private fun prepare(frame: Frame) {
        for (column in 0 until spot.width) {
            firstColumn[column] = (spot.sourceLeft + columns.first[column]) * frame.xStep
            secondColumn[column] = (spot.sourceLeft + columns.second[column]) * frame.xStep
        }
    }

    private fun mix(
        bytes: ByteArray,
        p00: Int,
        p01: Int,
        p10: Int,
        p11: Int,
        w00: Int,
        w01: Int,
        w10: Int,
        w11: Int,
    ): Int {
        val sum = w00 * (bytes[p00].toInt() and 255) + w01 * (bytes[p01].toInt() and 255) +
            w10 * (bytes[p10].toInt() and 255) + w11 * (bytes[p11].toInt() and 255)
        return (sum + 32768) shr 16
    }
}
