package edgevision.core

import kotlin.random.Random
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue

class ScoresTest {
    @Test
    fun `of equal scores the lower index comes first`() {
        val top = topK(floatArrayOf(0.1f, 0.4f, 0.1f, 0.4f), 3)
        assertEquals(listOf(1, 3, 0), top.map { it.index })
        assertEquals(0.4f, top[0].score)
    }

    @Test
    fun `the highest are those that sorting finds`() {
        val random = Random(7)
        repeat(200) {
            // Few different values: many are equal.
            val scores = FloatArray(1 + random.nextInt(40)) { random.nextInt(9) / 8f }
            val sorted = scores.indices.sortedWith(
                compareByDescending<Int> { scores[it] }.thenBy { it },
            )
            val count = 1 + random.nextInt(8)
            assertEquals(sorted.take(count), topK(scores, count).map { it.index })
        }
    }

    @Test
    fun `what is no number comes last, as in Python`() {
        val top = topK(floatArrayOf(Float.NaN, 0.5f, Float.NaN, 0.75f), 4)
        assertEquals(listOf(3, 1, 0, 2), top.map { it.index })
    }

    @Test
    fun `more than there are gives all`() {
        assertEquals(2, topK(floatArrayOf(1f, 2f), 5).size)
    }

    @Test
    fun `logits become probabilities without overflow`() {
        val out = FloatArray(3)
        probabilities(floatArrayOf(1000f, 999f, -1000f), Activation.LOGITS, out)
        assertEquals(1f, out.sum(), 1e-6f)
        assertEquals(0.7310586f, out[0], 1e-6f)
        assertEquals(0f, out[2])
    }

    @Test
    fun `probabilities stay as the model gave them`() {
        val out = FloatArray(2)
        probabilities(floatArrayOf(0.25f, 0.7f), Activation.SOFTMAX, out)
        assertEquals(listOf(0.25f, 0.7f), out.toList())
    }

    @Test
    fun `smoothing moves by its weight and forgets on reset`() {
        val smoothing = Smoothing(0.25f)
        assertEquals(listOf(0f, 1f), smoothing.add(floatArrayOf(0f, 1f)).toList())
        assertEquals(listOf(0.25f, 0.75f), smoothing.add(floatArrayOf(1f, 0f)).toList())
        smoothing.reset()
        assertEquals(listOf(1f, 0f), smoothing.add(floatArrayOf(1f, 0f)).toList())
    }

    @Test
    fun `smoothing does not touch the array it was given`() {
        val scores = floatArrayOf(0f, 1f)
        val smoothing = Smoothing(0.5f)
        smoothing.add(scores)
        smoothing.add(floatArrayOf(1f, 0f))
        assertTrue(scores.contentEquals(floatArrayOf(0f, 1f)))
    }
}
