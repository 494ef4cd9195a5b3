package edgevision.core

/**
 * The value below which the share `q` (0..1) of `sorted` lies, between neighbours on a straight
 * line: numpy.percentile's default, so that the phone's figures and the toolchain's agree.
 */
fun quantile(sorted: LongArray, q: Double): Double {
    require(sorted.isNotEmpty()) { "no samples" }
    val position = q * (sorted.size - 1)
    val below = position.toInt()
    val above = minOf(below + 1, sorted.size - 1)
    return sorted[below] + (position - below) * (sorted[above] - sorted[below])
}

/** The durations of the last `size` frames, in nanoseconds. */
class LatencyWindow(size: Int) {
    private val samples = LongArray(size)
    private var total = 0L

    fun add(nanoseconds: Long) {
        samples[(total++ % samples.size).toInt()] = nanoseconds
    }

    val count: Int get() = minOf(total, samples.size.toLong()).toInt()

    /** Milliseconds; null before the first frame. */
    fun quantileMs(q: Double): Double? =
        if (count == 0) null else quantile(samples.copyOf(count).sortedArray(), q) / 1e6
}
