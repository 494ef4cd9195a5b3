package edgevision.core

import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory
import java.nio.ByteBuffer
import java.util.zip.CRC32
import kotlin.test.assertEquals

/** Every side from 1 to 48 resized to every other, against OpenCV's checksums. */
class ResizeSweepTest {
    private val expected =
        Fields(parseJson(String(resource("golden.json"))), "golden").numbers("sweep")

    @TestFactory
    fun `resizing is OpenCV's, up and down`(): List<DynamicTest> = expected.indices.map { index ->
        dynamicTest("from ${index + 1}") {
            assertEquals(expected[index].toLong(), checksum(index + 1, expected.size))
        }
    }

    private fun checksum(side: Int, swept: Int): Long {
        val crc = CRC32()
        val frame = Frame()
        for (to in 1..swept) {
            val other = side * 7 % swept + 1
            val otherTo = to * 11 % swept + 1
            val image = ByteArray(side * other * 3) { index ->
                ((index + side * 1000L + to) * 1103515245L + 12345L shr 8).toByte()
            }
            frame.load(ByteBuffer.wrap(image), side, other, side * 3, 3, 0)
            val preprocessor = Preprocessor(contract(to, otherTo), null)
            preprocessor.run(frame)
            crc.update(preprocessor.pixels)
        }
        return crc.value
    }
}
