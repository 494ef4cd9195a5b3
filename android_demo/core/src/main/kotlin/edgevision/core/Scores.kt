package edgevision.core

/** What the values of the model's output are. */
enum class Activation { SOFTMAX, SIGMOID, LOGITS }

/** One class with its probability or score. */
data class Ranked(val index: Int, val score: Float)

/**
 * The `count` highest of `scores`, highest first; of equal ones the lower index first, NaN last.
 *
 * Once a frame: nothing is sorted, and only the answer is allocated.
 */
fun topK(scores: FloatArray, count: Int): List<Ranked> {
    val best = IntArray(minOf(count, scores.size))
    var found = 0
    for (index in scores.indices) {
        var place = found
        while (place > 0 && isHigher(scores[index], scores[best[place - 1]])) place--
        if (place == best.size) continue
        if (found < best.size) found++
        for (moved in found - 1 downTo place + 1) best[moved] = best[moved - 1]
        best[place] = index
    }
    return best.map { Ranked(it, scores[it]) }
}

private fun isHigher(one: Float, other: Float) = one > other || (other.isNaN() && !one.isNaN())

/**
 * Probabilities for the screen: logits through a softmax (in float64, shifted by the highest so
 * that nothing overflows), others as they are. Writes to `out`, which may be `scores`.
 */
fun probabilities(scores: FloatArray, activation: Activation, out: FloatArray) {
    if (activation != Activation.LOGITS) {
        scores.copyInto(out)
        return
    }
    val highest = scores.max().toDouble()
    var sum = 0.0
    for (score in scores) sum += Math.exp(score - highest)
    for (index in scores.indices) out[index] = (Math.exp(scores[index] - highest) / sum).toFloat()
}

/**
 * Scores averaged over the last frames, so that labels do not flicker: each new frame counts for
 * `weight`, what came before for the rest.
 */
class Smoothing(private val weight: Float) {
    private var held: FloatArray? = null

    init {
        require(weight > 0 && weight <= 1) { "weight must be above 0 and at most 1, got $weight" }
    }

    /** The average including `scores`; the same array every time, valid until the next call. */
    fun add(scores: FloatArray): FloatArray {
        val before = held
        if (before == null || before.size != scores.size) return scores.copyOf().also { held = it }
        for (index in before.indices) before[index] += weight * (scores[index] - before[index])
        return before
    }

    /** Forgets what was seen: the camera was turned or the model changed. */
    fun reset() {
        held = null
    }
}
