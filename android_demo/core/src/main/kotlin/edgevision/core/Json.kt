package edgevision.core

import java.util.Locale

/** The text is not JSON, or not the JSON that was expected; the message says where. */
class JsonException(message: String) : Exception(message)

/**
 * Reads strict JSON (RFC 8259) into maps, lists, strings, doubles, booleans and null.
 *
 * Our own, because org.json answers differently on Android and on a desktop JVM, and the same
 * card must be read alike in the app and in its tests. Names must be unique, as in the toolchain.
 */
fun parseJson(text: String): Any? {
    val reader = JsonReader(text)
    val value = reader.value(0)
    reader.end()
    return value
}

/** `value` (maps, lists, strings, numbers, booleans, null) as JSON on one line. */
fun writeJson(value: Any?): String = StringBuilder().also { write(it, value) }.toString()

private const val MAX_DEPTH = 64

private class JsonReader(private val text: String) {
    private var at = 0

    fun value(depth: Int): Any? {
        if (depth > MAX_DEPTH) fail("nested too deeply")
        return when (peek()) {
            '{' -> members(depth)
            '[' -> items(depth)
            '"' -> string()
            't' -> word("true", true)
            'f' -> word("false", false)
            'n' -> word("null", null)
            else -> number()
        }
    }

    fun end() {
        space()
        if (at != text.length) fail("text after the end")
    }

    private fun members(depth: Int): Map<String, Any?> {
        val members = LinkedHashMap<String, Any?>()
        expect('{')
        if (peek() == '}') {
            at++
            return members
        }
        do {
            if (peek() != '"') fail("expected a name")
            val name = string()
            if (peek() != ':') fail("expected ':'")
            at++
            if (name in members) fail("\"$name\" twice")
            members[name] = value(depth + 1)
        } while (more('}'))
        return members
    }

    private fun items(depth: Int): List<Any?> {
        val items = ArrayList<Any?>()
        expect('[')
        if (peek() == ']') {
            at++
            return items
        }
        do items.add(value(depth + 1)) while (more(']'))
        return items
    }

    private fun more(close: Char): Boolean {
        val next = peek()
        if (next != ',' && next != close) fail("expected ',' or '$close'")
        at++
        return next == ','
    }

    private fun string(): String {
        expect('"')
        val result = StringBuilder()
        while (true) {
            if (at >= text.length) fail("a string without end")
            val char = text[at++]
            when {
                char == '"' -> return result.toString()
                char == '\\' -> result.append(escaped())
                char < ' ' -> fail("a control character in a string")
                else -> result.append(char)
            }
        }
    }

    private fun escaped(): Char {
        if (at >= text.length) fail("a string without end")
        return when (val char = text[at++]) {
            '"', '\\', '/' -> char
            'b' -> '\b'
            'f' -> '\u000c'
            'n' -> '\n'
            'r' -> '\r'
            't' -> '\t'
            'u' -> unicode()
            else -> fail("unknown escape '\\$char'")
        }
    }

    private fun unicode(): Char {
        val digits = if (at + 4 <= text.length) text.substring(at, at + 4) else ""
        if (!HEX.matches(digits)) fail("expected four hex digits")
        at += 4
        return digits.toInt(16).toChar()
    }

    private fun number(): Double {
        val match = NUMBER.find(text, at)
        if (match == null || match.range.first != at) fail("expected a value")
        at = match.range.last + 1
        return match.value.toDouble()
    }

    private fun <T> word(word: String, value: T): T {
        if (!text.startsWith(word, at)) fail("expected a value")
        at += word.length
        return value
    }

    private fun peek(): Char {
        space()
        if (at >= text.length) fail("the text ends too early")
        return text[at]
    }

    private fun expect(char: Char) {
        if (peek() != char) fail("expected '$char'")
        at++
    }

    private fun space() {
        while (at < text.length && text[at] in " \t\r\n") at++
    }

    private fun fail(what: String): Nothing = throw JsonException("at character $at: $what")

    private companion object {
        val HEX = Regex("[0-9a-fA-F]{4}")
        val NUMBER = Regex("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")
    }
}

private fun write(out: StringBuilder, value: Any?) {
    when (value) {
        null, is Boolean, is Int, is Long -> out.append(value)

        is Double -> {
            require(value.isFinite()) { "JSON has no $value" }
            out.append(value)
        }

        is String -> quote(out, value)

        is Map<*, *> -> {
            out.append('{')
            value.entries.forEachIndexed { index, (name, member) ->
                if (index > 0) out.append(", ")
                quote(out, name as String)
                out.append(": ")
                write(out, member)
            }
            out.append('}')
        }

        is List<*> -> {
            out.append('[')
            value.forEachIndexed { index, item ->
                if (index > 0) out.append(", ")
                write(out, item)
            }
            out.append(']')
        }

        else -> throw IllegalArgumentException("JSON has no ${value.javaClass.simpleName}")
    }
}

private fun quote(out: StringBuilder, text: String) {
    out.append('"')
    for (char in text) {
        when {
            char == '"' || char == '\\' -> out.append('\\').append(char)
            char < ' ' -> out.append("\\u%04x".format(Locale.ROOT, char.code))
            else -> out.append(char)
        }
    }
    out.append('"')
}
