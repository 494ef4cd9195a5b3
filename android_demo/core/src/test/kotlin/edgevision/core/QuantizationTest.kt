package edgevision.core

import kotlin.test.Test
import kotlin.test.assertEquals

class QuantizationTest {
    private val half = Quantization(0.5, 10)

    @Test
    fun `ties go to the even step`() {
        assertEquals(10, half.quantize(0.25f).toInt())
        assertEquals(12, half.quantize(0.75f).toInt())
        assertEquals(10, half.quantize(-0.25f).toInt())
    }

    @Test
    fun `the ends saturate`() {
        assertEquals(127, half.quantize(1e30f).toInt())
        assertEquals(-128, half.quantize(-1e30f).toInt())
    }

    @Test
    fun `every int8 survives the way to real and back`() {
        for (q in -128..127) {
            assertEquals(q, half.quantize(half.dequantize(q.toByte())).toInt())
        }
    }

    @Test
    fun `outputs are widened before the zero point is taken off`() {
        val output = TensorCard("out", listOf(1, 3), "int8", Quantization(0.00390625, -128))
        val scores = Postprocessor(output).int8(byteArrayOf(-128, 0, 127))
        assertEquals(listOf(0f, 0.5f, 0.99609375f), scores.toList())
    }
}
