package edgevision.core

import java.nio.ByteBuffer

/**
 * A picture in memory as the camera delivers it, and how to look at it upright.
 *
 * Rotating costs nothing: the upright pixel (x, y) starts at byte
 * `origin + x * xStep + y * yStep`, red first. One frame is reused for all pictures of a camera.
 */
class Frame {
    /** At least `rowStride * storedHeight` bytes; the first three of each pixel are R, G, B. */
    var bytes: ByteArray = ByteArray(0)
        private set

    /** Upright size. */
    var width = 0
        private set
    var height = 0
        private set
    internal var origin = 0
    internal var xStep = 0
    internal var yStep = 0

    /**
     * Takes `buffer` (R, G, B, perhaps A, and perhaps padding at the end of rows).
     *
     * @param rotation degrees, clockwise, that make the stored picture upright: 0, 90, 180 or 270
     */
    fun load(
        buffer: ByteBuffer,
        storedWidth: Int,
        storedHeight: Int,
        rowStride: Int,
        pixelStride: Int,
        rotation: Int,
    ) {
        val source = buffer.duplicate()
        source.rewind()
        val size = source.remaining()
        // The last row may come without its padding.
        require(size >= rowStride * (storedHeight - 1) + pixelStride * storedWidth) {
            "$size bytes are too few for $storedWidth x $storedHeight, $rowStride a row"
        }
        reserve(size)
        source.get(bytes, 0, size)
        lookAt(storedWidth, storedHeight, rowStride, pixelStride, rotation)
    }

    /** Room for `size` bytes; grows once per camera resolution. */
    internal fun reserve(size: Int) {
        if (bytes.size < size) bytes = ByteArray(size)
    }

    internal fun lookAt(
        storedWidth: Int,
        storedHeight: Int,
        rowStride: Int,
        pixelStride: Int,
        rotation: Int,
    ) {
        require(storedWidth > 0 && storedHeight > 0) { "an empty picture" }
        require(pixelStride >= 3 && rowStride >= pixelStride * storedWidth) {
            "rows of $rowStride bytes cannot hold $storedWidth pixels of $pixelStride"
        }
        val lastX = (storedWidth - 1) * pixelStride
        val lastY = (storedHeight - 1) * rowStride
        when (rotation) {
            0 -> view(storedWidth, storedHeight, 0, pixelStride, rowStride)

            // Turned clockwise, the bottom row becomes the left column.
            90 -> view(storedHeight, storedWidth, lastY, -rowStride, pixelStride)

            180 -> view(storedWidth, storedHeight, lastX + lastY, -pixelStride, -rowStride)

            270 -> view(storedHeight, storedWidth, lastX, rowStride, -pixelStride)

            else -> throw IllegalArgumentException("rotation $rotation is no quarter turn")
        }
    }

    private fun view(width: Int, height: Int, origin: Int, xStep: Int, yStep: Int) {
        this.width = width
        this.height = height
        this.origin = origin
        this.xStep = xStep
        this.yStep = yStep
    }
}
