package edgevision.core

import java.util.Locale
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

class BenchmarkTest {
    @Test
    fun `quantiles lie between neighbours as numpy puts them`() {
        val sorted = longArrayOf(10, 20, 30, 40)
        assertEquals(25.0, quantile(sorted, 0.5))
        assertEquals(37.0, quantile(sorted, 0.9), 1e-9)
        assertEquals(10.0, quantile(sorted, 0.0))
        assertEquals(40.0, quantile(sorted, 1.0))
        assertFailsWith<IllegalArgumentException> { quantile(longArrayOf(), 0.5) }
    }

    @Test
    fun `a window forgets the oldest frame`() {
        val window = LatencyWindow(3)
        assertEquals(null, window.quantileMs(0.5))
        for (ms in listOf(100L, 1L, 2L, 3L)) window.add(ms * 1_000_000)
        assertEquals(3, window.count)
        assertEquals(2.0, window.quantileMs(0.5))
    }

    @Test
    fun `warm-up runs are not among the timed ones`() {
        var ticks = 0L
        var runs = 0
        val round = benchmark(
            plan = BenchmarkPlan(warmupRuns = 2, timedRuns = 3),
            initNs = 7,
            clock = { ticks },
            progress = { _, _ -> },
            run = { ticks += ++runs * 100L },
        )
        assertEquals(6, runs)
        assertEquals(100L, round.firstNs)
        assertEquals(listOf(200L, 300L), round.warmupNs.toList())
        assertEquals(listOf(400L, 500L, 600L), round.timedNs.toList())
        assertEquals(5e-4, round.quantileMs(0.5))
    }

    @Test
    fun `more runs are timed when the seconds are not full`() {
        var ticks = 0L
        val seen = ArrayList<Pair<Int, Int>>()
        val round = benchmark(
            plan = BenchmarkPlan(warmupRuns = 1, timedRuns = 2, seconds = 0.001),
            initNs = 7,
            clock = { ticks },
            progress = { done, total -> seen.add(done to total) },
            run = { ticks += 300_000L },
        )
        assertEquals(4, round.timedNs.size)
        assertEquals(listOf(1 to 4, 2 to 4, 3 to 6, 4 to 6, 5 to 6, 6 to 6), seen)
    }

    @Test
    fun `seconds bring no fewer runs than asked and no more than fit a result`() {
        val plan = BenchmarkPlan(warmupRuns = 1, timedRuns = 50, seconds = 1.0)
        assertEquals(50, plan.runsOf(runNs = 1_000_000_000))
        assertEquals(100, plan.runsOf(runNs = 10_000_000))
        assertEquals(10_000, plan.runsOf(runNs = 0))
        assertEquals(50, BenchmarkPlan(warmupRuns = 1, timedRuns = 50).runsOf(runNs = 1))
    }

    @Test
    fun `the document is the one the toolchain reads`() {
        assertEquals(resource("benchmark.json"), sampleResult().toJson())
    }

    @Test
    fun `a failure is a document too`() {
        val message = "The model cannot be used: no \"x\""
        assertEquals(resource("benchmark_failed.json"), failureJson("1.0", message))
    }

    @Test
    fun `the document is the same wherever the phone was bought`() {
        val before = Locale.getDefault()
        try {
            // Arabic digits, a decimal comma.
            for (tag in listOf("ar-EG", "de-DE", "fa-IR")) {
                Locale.setDefault(Locale.forLanguageTag(tag))
                assertEquals(resource("benchmark.json"), sampleResult().toJson(), tag)
                assertEquals("\"\\u0001\"", writeJson("\u0001"), tag)
            }
        } finally {
            Locale.setDefault(before)
        }
    }

    @Test
    fun `numbers of runs that cannot be are refused`() {
        for ((warmup, timed) in listOf(0 to 10, 1 to 1, 1 to -5, 1 to 10_001, 10_001 to 2)) {
            assertFailsWith<IllegalArgumentException> { BenchmarkPlan(warmup, timed) }
        }
        for (seconds in listOf(-1.0, 1e9, Double.NaN)) {
            assertFailsWith<IllegalArgumentException> { BenchmarkPlan(1, 2, seconds) }
        }
    }

    private fun resource(name: String) = Preprocessor::class.java.getResource("/$name")!!.readText()
}

internal fun sampleResult() = BenchmarkResult(
    created = "2026-11-22T10:00:00+00:00",
    appVersion = "1.0",
    host = HostFacts("Phone 9", "SoC", "arm64-v8a", 8, "Android 16", "6.6", 8_000_000_000, false),
    card = ModelCard.parse(cardJson()),
    zippedBytes = 999,
    accelerator = "GPU",
    threads = 1,
    plan = BenchmarkPlan(warmupRuns = 1, timedRuns = 2),
    round = BenchmarkRound(
        9_000_000,
        8_000_000,
        longArrayOf(5_000_000),
        longArrayOf(3_000_000, 4_000_000),
    ),
    warnings = emptyList(),
)
