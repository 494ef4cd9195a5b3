package edgevision.core

import java.nio.ByteBuffer

/** One plane of a YUV_420_888 picture, with the strides the camera chose. */
class Plane(val buffer: ByteBuffer, val rowStride: Int, val pixelStride: Int)

/**
 * Fills this frame with the RGB of a YUV_420_888 picture: full-range BT.601 as in JPEG, in 16-bit
 * fixed point, chroma repeated over its 2 x 2 pixels.
 *
 * For apps that cannot ask CameraX for RGBA. Constants: 1.402, 0.344136, 0.714136 and 1.772 times
 * 65536, from ITU-T T.871.
 */
fun Frame.loadYuv(
    y: Plane,
    u: Plane,
    v: Plane,
    storedWidth: Int,
    storedHeight: Int,
    rotation: Int,
) {
    reserve(storedWidth * storedHeight * 3)
    val rgb = bytes
    var to = 0
    for (row in 0 until storedHeight) {
        val luma = row * y.rowStride
        val uRow = (row shr 1) * u.rowStride
        val vRow = (row shr 1) * v.rowStride
        for (column in 0 until storedWidth) {
            val wide = (y.buffer.get(luma + column * y.pixelStride).toInt() and 255) shl 16
            val half = column shr 1
            val blue = (u.buffer.get(uRow + half * u.pixelStride).toInt() and 255) - 128
            val red = (v.buffer.get(vRow + half * v.pixelStride).toInt() and 255) - 128
            rgb[to] = rounded(wide + 91881 * red)
            rgb[to + 1] = rounded(wide - 22553 * blue - 46802 * red)
            rgb[to + 2] = rounded(wide + 116130 * blue)
            to += 3
        }
    }
    lookAt(storedWidth, storedHeight, storedWidth * 3, 3, rotation)
}

private fun rounded(wide: Int): Byte = ((wide + 32768) shr 16).coerceIn(0, 255).toByte()
