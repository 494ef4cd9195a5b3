package edgevision.core

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue

/** `checkGolden` finds what is wrong, and nothing when nothing is. */
class SelfCheckTest {
    private val json = """{"schema_version": 1, "runtime": "ai-edge-litert 2.3.0", "photos": [
        {"photo": "p", "width": 2, "height": 1, "tensor": "t", "scores": "s",
        "top": [{"index": 1, "score": 0.5}, {"index": 0, "score": 0.25}]}]}"""
    private val files = mapOf(
        "p" to byteArrayOf(1, 2, 3, 4, 5, 6),
        "t" to byteArrayOf(1, 2, 3, 4, 5, 6),
        "s" to byteArrayOf(0, 0, -128, 62, 0, 0, 0, 63),
    )

    private fun check(tensor: ByteArray, scores: FloatArray): GoldenResult = checkGolden(
        GoldenSet.parse(json).photos[0],
        Preprocessor(contract(2, 1), Quantization(1.0, 0)),
        { if (it == "t") tensor else files.getValue(it) },
        { scores },
    )

    @Test
    fun `equal numbers pass`() {
        val result = check(files.getValue("t"), floatArrayOf(0.25f, 0.5f))
        assertEquals(0, result.wrongInputs)
        assertEquals(0f, result.largestDifference)
        assertTrue(result.sameTop)
    }

    @Test
    fun `one wrong input is counted`() {
        assertEquals(1, check(byteArrayOf(1, 2, 3, 4, 5, 7), floatArrayOf(0.25f, 0.5f)).wrongInputs)
    }

    @Test
    fun `a swapped order shows`() {
        val result = check(files.getValue("t"), floatArrayOf(0.75f, 0.5f))
        assertEquals(0.5f, result.largestDifference)
        assertFalse(result.sameTop)
    }
}
