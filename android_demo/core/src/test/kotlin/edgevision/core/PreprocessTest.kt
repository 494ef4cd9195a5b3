package edgevision.core

import java.nio.ByteBuffer
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertSame

class PreprocessTest {
    private val sixPixels = ByteArray(2 * 3 * 3) { (it * 10).toByte() }

    private fun frame(rotation: Int): Frame {
        val frame = Frame()
        frame.load(ByteBuffer.wrap(sixPixels), 3, 2, 9, 3, rotation)
        return frame
    }

    /** The red values, upright, by rows. */
    private fun reds(rotation: Int): List<Int> {
        val frame = frame(rotation)
        val preprocessor = Preprocessor(contract(frame.width, frame.height), null)
        preprocessor.run(frame)
        return preprocessor.pixels.filterIndexed { index, _ -> index % 3 == 0 }.map {
            it.toInt() and
                255
        }
    }

    @Test
    fun `a quarter turn clockwise puts the bottom row to the left`() {
        assertEquals(listOf(0, 30, 60, 90, 120, 150), reds(0))
        assertEquals(listOf(90, 0, 120, 30, 150, 60), reds(90))
        assertEquals(listOf(150, 120, 90, 60, 30, 0), reds(180))
        assertEquals(listOf(60, 150, 30, 120, 0, 90), reds(270))
    }

    @Test
    fun `a frame too small for its size is refused`() {
        val frame = Frame()
        val short = ByteBuffer.allocate(17)
        assertFailsWith<IllegalArgumentException> { frame.load(short, 3, 2, 9, 3, 0) }
        assertFailsWith<IllegalArgumentException> { frame(45) }
    }

    @Test
    fun `padding after the last row may be missing`() {
        val frame = Frame()
        frame.load(ByteBuffer.allocate(12 + 9), 3, 2, 12, 3, 0)
        assertEquals(3, frame.width)
    }

    @Test
    fun `buffers are allocated once`() {
        val preprocessor = Preprocessor(contract(4, 4), Quantization(1.0, 0))
        val frame = frame(0)
        preprocessor.run(frame)
        val held = preprocessor.int8
        val bytes = frame.bytes
        frame.load(ByteBuffer.wrap(sixPixels), 2, 3, 6, 3, 0)
        preprocessor.run(frame)
        assertSame(held, preprocessor.int8)
        assertSame(bytes, frame.bytes)
    }

    @Test
    fun `a new frame size gets new margins`() {
        val letterbox = contract(6, 6, fit = Fit.LETTERBOX)
        val reused = Preprocessor(letterbox, null)
        reused.run(frame(0))
        reused.run(frame(90))
        val fresh = Preprocessor(letterbox, null)
        fresh.run(frame(90))
        assertContentEquals(fresh.pixels, reused.pixels)
    }

    @Test
    fun `normalization is applied and quantized by the nearest step`() {
        val torch = Contract(
            width = 1,
            height = 1,
            fit = Fit.STRETCH,
            cropFraction = 1.0,
            pad = 0,
            color = ColorOrder.RGB,
            mean = doubleArrayOf(123.675, 116.28, 103.53),
            std = doubleArrayOf(58.395, 57.12, 57.375),
        )
        val frame = Frame()
        frame.load(ByteBuffer.wrap(byteArrayOf(-1, 0, 100)), 1, 1, 3, 3, 0)
        val real = Preprocessor(torch, null)
        real.run(frame)
        assertEquals(2.2489083f, real.float32[0])
        assertEquals(-2.0357144f, real.float32[1])
        val quantized = Preprocessor(torch, Quantization(0.02, -10))
        quantized.run(frame)
        assertContentEquals(byteArrayOf(102, -112, -13), quantized.int8)
    }
}
