package edgevision.core

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

class JsonTest {
    @Test
    fun `values of all kinds are read`() {
        val text = """ {"a": [1, -2.5e3, true, null], "b": {"c": "x\n\"\u00e9\\"}, "d": []} """
        val expected = mapOf(
            "a" to listOf(1.0, -2500.0, true, null),
            "b" to mapOf("c" to "x\n\"é\\"),
            "d" to emptyList<Any>(),
        )
        assertEquals(expected, parseJson(text))
    }

    @Test
    fun `what is written is read back`() {
        val value = mapOf("name" to "a\"b\\c\u0001", "list" to listOf(1.5, false, null))
        assertEquals(value, parseJson(writeJson(value)))
    }

    @Test
    fun `whole numbers are written without a point`() {
        assertEquals("[1, 1234567890123]", writeJson(listOf(1, 1234567890123L)))
    }

    @Test
    fun `damaged text is refused with its place`() {
        val damaged = listOf(
            "", "{", "[1,]", "{\"a\" 1}", "{\"a\": 1, \"a\": 2}", "01", "nul", "\"x", "[1] 2",
            "\"\\x\"", "\"\\u12\"", "\"\u0001\"", "NaN", "[".repeat(1000),
        )
        for (text in damaged) {
            val error = assertFailsWith<JsonException>(text) { parseJson(text) }
            assertEquals("at character", error.message!!.take(12))
        }
    }

    @Test
    fun `a number that JSON lacks is not written`() {
        assertFailsWith<IllegalArgumentException> { writeJson(Double.NaN) }
    }
}
