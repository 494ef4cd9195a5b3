package com.edgevision.demo

import android.content.Context
import com.google.ai.edge.litert.Accelerator
import edgevision.core.BenchmarkPlan
import edgevision.core.BenchmarkResult
import edgevision.core.benchmark
import edgevision.core.checkGolden
import java.text.SimpleDateFormat
import java.util.Date
import java.util.Locale
import java.util.TimeZone

/** First the golden photos: does this phone answer as Python did? Then the times, afresh. */
class ModelBenchmark(
    private val context: Context,
    private val files: ModelFiles,
    private val preferGpu: Boolean,
    private val threads: Int,
    private val onScreen: Screen,
) {
    /** Who watches; called from the thread that measures. */
    interface Screen {
        /** Whether the app was out of sight at any time: Android gives such apps the slow cores. */
        val wasHidden: Boolean

        /** How the golden photos came out. */
        fun parity(text: String)

        /** Called after each run; what it throws ends the measuring. */
        fun progress(done: Int, total: Int)
    }

    /**
     * Throws CardException, LiteRtException, and IllegalArgumentException or IllegalStateException
     * for golden files that are not this model's, or a plan that cannot be.
     */
    fun measure(plan: BenchmarkPlan): BenchmarkResult {
        val card = files.card(context.getString(R.string.no_model))
        val open = { Classifier.open(files, card, preferGpu, threads = threads) }
        val warnings = ArrayList<String>()
        // One opening for the check and another for the times: those start afresh.
        open().use { warnings += checkGoldens(it) }
        open().use { classifier ->
            classifier.gpuRefusal?.let { warnings.add("GPU refused: $it") }
            classifier.feed()
            val round = benchmark(plan, classifier.openNs, System::nanoTime, onScreen::progress) {
                classifier.invoke()
                // On a GPU the call returns before the scores are there; reading waits for them.
                classifier.scores()
            }
            if (onScreen.wasHidden) warnings.add("the app was not on screen all the time")
            return BenchmarkResult(
                created = now(),
                appVersion = appVersion(context),
                host = deviceFacts(context),
                card = card,
                zippedBytes = files.zippedBytes(card),
                accelerator = classifier.accelerator.name,
                threads = if (classifier.accelerator == Accelerator.CPU) threads else 1,
                plan = plan,
                round = round,
                warnings = warnings,
            )
        }
    }

    private fun checkGoldens(classifier: Classifier): List<String> {
        val results = files.goldens().photos.map { golden ->
            checkGolden(golden, classifier.preprocessor, files::golden) {
                classifier.feed()
                classifier.invoke()
                classifier.scores()
            }
        }
        val wrong = results.filter { it.wrongInputs > 0 || !it.sameTop }.map {
            context.getString(
                R.string.parity_wrong,
                it.photo,
                it.wrongInputs,
                it.largestDifference,
            )
        }
        val largest = results.maxOfOrNull { it.largestDifference } ?: 0f
        val fine = context.getString(R.string.parity_ok, results.size, largest)
        onScreen.parity(if (wrong.isEmpty()) fine else wrong.joinToString("\n"))
        return wrong
    }

    private fun now(): String {
        val format = SimpleDateFormat("yyyy-MM-dd'T'HH:mm:ss'+00:00'", Locale.ROOT)
        format.timeZone = TimeZone.getTimeZone("UTC")
        return format.format(Date())
    }
}

/** As the manifest says. */
fun appVersion(context: Context): String =
    context.packageManager.getPackageInfo(context.packageName, 0).versionName.orEmpty()
