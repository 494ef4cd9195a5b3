package edgevision.core

/** The card says something that this app cannot honour; the message is meant for the screen. */
class CardException(message: String) : Exception(message)

/** The members of one JSON object, read with their type; `place` names it in messages. */
internal class Fields(value: Any?, private val place: String) {
    private val members: Map<*, *> =
        value as? Map<*, *> ?: throw CardException("$place is not an object")

    val names: Set<String> get() = members.keys.map { it as String }.toSet()

    fun has(name: String): Boolean = members[name] != null

    fun text(name: String): String = members[name] as? String ?: refuse(name, "a string")

    fun int(name: String): Int = whole(name, number(name))

    fun ints(name: String): List<Int> = numbers(name).map { whole(name, it) }

    fun number(name: String): Double = members[name] as? Double ?: refuse(name, "a number")

    fun fields(name: String): Fields = Fields(members[name], "$place.$name")

    fun items(name: String): List<Fields> =
        list(name).mapIndexed { index, item -> Fields(item, "$place.$name[$index]") }

    fun texts(name: String): List<String> =
        list(name).map { it as? String ?: refuse(name, "a list of strings") }

    fun numbers(name: String): List<Double> =
        list(name).map { it as? Double ?: refuse(name, "a list of numbers") }

    fun <T> choice(name: String, choices: Map<String, T>): T {
        val word = text(name)
        return choices[word]
            ?: refuse(name, "one of ${choices.keys.joinToString()}, not \"$word\"")
    }

    fun refuse(name: String, expected: String): Nothing =
        throw CardException("$place.$name must be $expected")

    private fun whole(name: String, number: Double): Int {
        if (number != Math.rint(number) || Math.abs(number) > Int.MAX_VALUE) {
            refuse(name, "a whole number, not $number")
        }
        return number.toInt()
    }

    private fun list(name: String): List<*> = members[name] as? List<*> ?: refuse(name, "a list")
}
