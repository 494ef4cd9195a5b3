package edgevision.core

/**
 * What a benchmark does: `warmupRuns` that are not counted, then `timedRuns` that are, and more of
 * them when they would not fill `seconds`.
 */
class BenchmarkPlan(val warmupRuns: Int, val timedRuns: Int, val seconds: Double = 0.0) {
    init {
        require(warmupRuns in 1..MOST_RUNS) { "warm-up runs: 1 to $MOST_RUNS, not $warmupRuns" }
        require(timedRuns in 2..MOST_RUNS) { "timed runs: 2 to $MOST_RUNS, not $timedRuns" }
        require(seconds in 0.0..MOST_SECONDS) { "seconds: 0 to $MOST_SECONDS, not $seconds" }
    }

    /** How many timed runs there will be, if one takes `runNs` nanoseconds. */
    fun runsOf(runNs: Long): Int {
        val filling = Math.ceil(seconds * 1e9 / maxOf(1, runNs))
        return maxOf(timedRuns, minOf(filling, MOST_RUNS.toDouble()).toInt())
    }

    private companion object {
        /** Each run is in the result, which must be small enough to be shared between apps. */
        const val MOST_RUNS = 10_000
        const val MOST_SECONDS = 3600.0
    }
}

/** Raw times of one fresh start of a model, in nanoseconds and in the order they happened. */
class BenchmarkRound(
    /** Reading the file and compiling the model. */
    val initNs: Long,
    /** The first inference, which pays for what the runtime put off. */
    val firstNs: Long,
    val warmupNs: LongArray,
    val timedNs: LongArray,
) {
    fun quantileMs(q: Double): Double = quantile(timedNs.sortedArray(), q) / 1e6
}

/** Times `run` (one inference, nothing else) by `plan`; `clock` counts nanoseconds. */
fun benchmark(
    plan: BenchmarkPlan,
    initNs: Long,
    clock: () -> Long,
    progress: (done: Int, total: Int) -> Unit,
    run: () -> Unit,
): BenchmarkRound {
    fun timed(count: Int, before: Int, total: Int) = LongArray(count) {
        val start = clock()
        run()
        val taken = clock() - start
        progress(before + it + 1, total)
        taken
    }
    val warm = 1 + plan.warmupRuns
    val early = timed(warm, before = 0, total = warm + plan.timedRuns)
    val runs = plan.runsOf(early.min())
    return BenchmarkRound(
        initNs = initNs,
        firstNs = early[0],
        warmupNs = early.copyOfRange(1, warm),
        timedNs = timed(runs, before = warm, total = warm + runs),
    )
}

/** The phone, as the toolchain's results describe a machine; empty where it does not tell. */
class HostFacts(
    val machine: String,
    val cpu: String,
    val architecture: String,
    val usableCpus: Int,
    val os: String,
    val kernel: String,
    val memoryBytes: Long,
    val isEmulator: Boolean,
)

/** What stands in place of a result when there is none, for a host that waits for one. */
fun failureJson(appVersion: String, message: String): String = writeJson(
    linkedMapOf(
        "schema_version" to 1,
        "tool" to tool(appVersion),
        "runs" to emptyList<Any>(),
        "error" to message,
    ),
) + "\n"

private fun tool(version: String) =
    linkedMapOf("name" to "edgevision android demo", "version" to version)

/** A finished benchmark of the app's model. */
class BenchmarkResult(
    val created: String,
    val appVersion: String,
    val host: HostFacts,
    val card: ModelCard,
    /** Size of the model deflated, as an app store sends it. */
    val zippedBytes: Int,
    /** "CPU" or "GPU": what really ran. */
    val accelerator: String,
    val threads: Int,
    val plan: BenchmarkPlan,
    val round: BenchmarkRound,
    val warnings: List<String>,
) {
    /** The document that `edgevision bench`, `compare` and `report` read, schema version 1. */
    fun toJson(): String = writeJson(
        linkedMapOf(
            "schema_version" to 1,
            "tool" to tool(appVersion),
            "runs" to listOf(run()),
        ),
    ) + "\n"

    private fun run() = linkedMapOf(
        "target" to "android-demo",
        "created" to created,
        "host" to host(),
        "plan" to plan(),
        "models" to listOf(model()),
        "ratios" to emptyList<Any>(),
        "warnings" to emptyList<Any>(),
    )

    private fun host() = linkedMapOf(
        "machine" to host.machine,
        "cpu" to host.cpu,
        "architecture" to host.architecture,
        "usable_cpus" to host.usableCpus,
        "governor" to "",
        "os" to host.os,
        "kernel" to host.kernel,
        "python" to "",
        "is_virtual" to host.isEmulator,
        "memory_bytes" to host.memoryBytes,
        // Android does not let apps read the load.
        "load" to 0.0,
    )

    private fun plan() = linkedMapOf(
        "rounds" to 1,
        "seconds" to plan.seconds,
        "least_runs" to plan.timedRuns,
        "warmup_runs" to plan.warmupRuns,
        "warmup_seconds" to 0.0,
        "block_seconds" to 0.0,
        "seed" to 0,
    )

    private fun model() = linkedMapOf(
        "name" to card.name,
        "file" to card.file,
        "source_sha256" to card.sourceSha256,
        "size" to linkedMapOf(
            "sha256" to card.sha256,
            "file_bytes" to card.sizeBytes,
            "zipped_bytes" to zippedBytes,
        ),
        "accelerators" to listOf(accelerator),
        "latency" to linkedMapOf(
            "name" to card.name,
            "threads" to threads,
            "runtime" to "litert-android ${card.liteRtVersion} $accelerator",
            "rounds" to listOf(
                linkedMapOf(
                    "init_ns" to round.initNs,
                    "first_ns" to round.firstNs,
                    "warmup_ns" to round.warmupNs.toList(),
                    "timed_ns" to round.timedNs.toList(),
                ),
            ),
            "p50_ms" to round.quantileMs(0.5),
            "p90_ms" to round.quantileMs(0.9),
        ),
        "warnings" to warnings,
    )
}
