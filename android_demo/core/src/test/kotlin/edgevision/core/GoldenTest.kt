package edgevision.core

import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory
import java.nio.ByteBuffer
import kotlin.test.assertEquals
import kotlin.test.assertTrue

/** Every golden file of the toolchain, bit for bit: what Python and Kotlin make of one picture. */
class GoldenTest {
    private val cases = Fields(parseJson(String(resource("golden.json"))), "golden").items("cases")

    @TestFactory
    fun `pixels are those of Python`(): List<DynamicTest> = cases.map { case ->
        dynamicTest(describe(case)) {
            val preprocessor = preprocess(case)
            assertSame(resource(case.text("pixels")), preprocessor.pixels)
        }
    }

    @TestFactory
    fun `input tensors are those of Python`(): List<DynamicTest> = cases.map { case ->
        dynamicTest(describe(case)) {
            val preprocessor = preprocess(case)
            val expected = resource(case.text("tensor"))
            if (case.has("scale")) {
                assertSame(expected, preprocessor.int8)
            } else {
                val real = floats(expected)
                assertEquals(real.size, preprocessor.float32.size)
                assertEquals(0, real.indices.count { real[it] != preprocessor.float32[it] })
            }
        }
    }

    private fun preprocess(case: Fields): Preprocessor {
        val quantization = if (case.has("scale")) {
            Quantization(case.number("scale"), case.int("zero_point"))
        } else {
            null
        }
        val preprocessor = Preprocessor(Contract.read(case.fields("preprocess")), quantization)
        preprocessor.run(frame(case))
        return preprocessor
    }

    private fun frame(case: Fields): Frame {
        val stored = ByteBuffer.wrap(resource(case.text("stored")))
        val width = case.int("width")
        val height = case.int("height")
        val rotation = case.int("rotation")
        val frame = Frame()
        if (case.text("format") != "yuv") {
            val rowStride = case.int("row_stride")
            frame.load(stored, width, height, rowStride, case.int("pixel_stride"), rotation)
            return frame
        }
        // Cameras give U and V as two views of one interleaved plane.
        val chromaStride = (width + 1) / 2 * 2
        val u = part(stored, width * height)
        val v = part(stored, width * height + 1)
        frame.loadYuv(
            Plane(stored, width, 1),
            Plane(u, chromaStride, 2),
            Plane(v, chromaStride, 2),
            width,
            height,
            rotation,
        )
        return frame
    }

    private fun part(buffer: ByteBuffer, start: Int): ByteBuffer {
        val rest = buffer.duplicate()
        rest.position(start)
        return rest.slice()
    }

    private fun assertSame(expected: ByteArray, actual: ByteArray) {
        assertEquals(expected.size, actual.size)
        val wrong = expected.indices.filter { expected[it] != actual[it] }
        assertTrue(
            wrong.isEmpty(),
            "${wrong.size} of ${expected.size} differ, from ${wrong.firstOrNull()}",
        )
    }

    private fun describe(case: Fields): String {
        val preprocess = case.fields("preprocess")
        return case.text("stored") + " " + preprocess.text("fit") + " " + preprocess.text("color") +
            " to ${preprocess.int("width")} x ${preprocess.int("height")}"
    }
}
