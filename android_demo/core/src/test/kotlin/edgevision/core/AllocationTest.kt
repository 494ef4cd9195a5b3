package edgevision.core

import com.sun.management.ThreadMXBean
import java.lang.management.ManagementFactory
import java.nio.ByteBuffer
import kotlin.test.Test
import kotlin.test.assertTrue

/**
 * Thirty frames a second leave no garbage worth collecting: a collection is a frame that comes
 * late. Counted in bytes, so that it holds on any machine.
 */
class AllocationTest {
    @Test
    fun `a frame becomes a tensor in buffers that are there`() {
        val picture = ByteBuffer.allocateDirect(640 * 480 * 4)
        for (quantization in listOf(null, Quantization(1.0, -128))) {
            val preprocessor = Preprocessor(contract(96, 96), quantization)
            val frame = Frame()
            val bytes = allocatedByEach {
                frame.load(picture, 640, 480, 640 * 4, 4, 90)
                preprocessor.run(frame)
            }
            assertTrue(bytes < SMALL, "$bytes bytes a frame")
        }
    }

    @Test
    fun `scores of a thousand classes become five lines on screen`() {
        val scores = FloatArray(1000) { (it * 7919 % 1000) / 1000f }
        val shares = FloatArray(1000)
        val smoothing = Smoothing(0.5f)
        val bytes = allocatedByEach {
            probabilities(scores, Activation.LOGITS, shares)
            topK(smoothing.add(shares), 5)
        }
        assertTrue(bytes < SMALL, "$bytes bytes a frame")
    }

    @Test
    fun `what is allocated is counted`() {
        assertTrue(allocatedByEach { FloatArray(1000) } >= 4000)
    }

    private fun allocatedByEach(run: () -> Any?): Long {
        val threads = ManagementFactory.getThreadMXBean() as ThreadMXBean
        val thread = Thread.currentThread().id
        var kept: Any? = null
        repeat(WARMUP) { kept = run() }
        val before = threads.getThreadAllocatedBytes(thread)
        repeat(FRAMES) { kept = run() }
        val bytes = threads.getThreadAllocatedBytes(thread) - before
        check(kept !== this)
        return bytes / FRAMES
    }

    private companion object {
        const val WARMUP = 20
        const val FRAMES = 50
        const val SMALL = 1000
    }
}
