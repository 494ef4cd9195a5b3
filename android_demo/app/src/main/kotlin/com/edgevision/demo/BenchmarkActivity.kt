package com.edgevision.demo

import android.content.ActivityNotFoundException
import android.content.Intent
import android.net.Uri
import android.os.Bundle
import android.os.Handler
import android.os.Looper
import android.view.View
import android.widget.Button
import android.widget.CheckBox
import android.widget.ProgressBar
import android.widget.TextView
import androidx.activity.ComponentActivity
import androidx.activity.result.contract.ActivityResultContracts
import com.google.ai.edge.litert.LiteRtException
import edgevision.core.BenchmarkPlan
import edgevision.core.BenchmarkResult
import edgevision.core.CardException
import edgevision.core.ModelCard
import edgevision.core.failureJson
import edgevision.core.folderIn
import java.io.File
import java.io.IOException
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors

/**
 * The screen of [ModelBenchmark], and a result file for `edgevision bench`, `compare` and `report`.
 *
 * `adb shell am start -n PACKAGE/com.edgevision.demo.BenchmarkActivity --ez run true [--ez gpu
 * true] [--ei runs N] [--ef seconds S] [--ei threads N]` measures without a tap and leaves
 * `benchmark.json` in the app's external files folder: the result, or why there is none.
 *
 * With `--es folder NAME` the model is that of the folder NAME among the app's private files, and
 * the result is left there. Only the app itself, and `adb shell run-as` for a debug build, can
 * write there.
 */
class BenchmarkActivity :
    ComponentActivity(),
    ModelBenchmark.Screen {
    private val handler = Handler(Looper.getMainLooper())
    private val worker: ExecutorService = Executors.newSingleThreadExecutor()
    private var result: BenchmarkResult? = null

    /** Where `edgevision bench --app` put its model; null for the app's own. The worker's alone. */
    private var pushed: File? = null

    @Volatile
    private var left = false

    private var isShown = false

    @Volatile
    override var wasHidden = false
        private set

    private val document =
        registerForActivityResult(
            ActivityResultContracts.CreateDocument("application/json"),
        ) { uri ->
            if (uri != null) save(uri)
        }

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.activity_benchmark)
        keepClearOfSystemBars(view(R.id.root))
        view<Button>(R.id.start).setOnClickListener { start() }
        view<Button>(R.id.save).setOnClickListener {
            try {
                document.launch(FILE)
            } catch (error: ActivityNotFoundException) {
                note(getString(R.string.not_saved, error.message))
            }
        }
        view<Button>(R.id.share).setOnClickListener { share() }
        view<CheckBox>(R.id.gpu).isChecked = intent.getBooleanExtra("gpu", false)
        worker.execute {
            try {
                pushed = intent.getStringExtra("folder")?.let { folderIn(filesDir, it) }
                val card = ModelFiles(assets, pushed).card(getString(R.string.no_model))
                handler.post { ready(card) }
            } catch (error: CardException) {
                fail(getString(R.string.model_failed, error.message))
            }
        }
    }

    override fun onStart() {
        super.onStart()
        isShown = true
    }

    override fun onStop() {
        isShown = false
        wasHidden = true
        super.onStop()
    }

    override fun onDestroy() {
        left = true
        worker.shutdown()
        super.onDestroy()
    }

    private fun ready(card: ModelCard) {
        view<TextView>(R.id.model).text = "${card.name} · ${card.precision}"
        view<Button>(R.id.start).isEnabled = true
        if (intent.getBooleanExtra("run", false)) start()
    }

    private fun start() {
        view<Button>(R.id.start).isEnabled = false
        val preferGpu = view<CheckBox>(R.id.gpu).isChecked
        val runs = intent.getIntExtra("runs", RUNS)
        val seconds = intent.getFloatExtra("seconds", 0f).toDouble()
        val threads = intent.getIntExtra("threads", Classifier.THREADS)
        wasHidden = !isShown
        worker.execute {
            // Whoever waits for a result must not find that of the last time.
            resultFile()?.delete()
            try {
                val files = ModelFiles(assets, pushed)
                val benchmark = ModelBenchmark(this, files, preferGpu, threads, onScreen = this)
                val plan = BenchmarkPlan(WARMUP_RUNS, timedRuns = runs, seconds = seconds)
                show(benchmark.measure(plan))
            } catch (error: CardException) {
                fail(getString(R.string.model_failed, error.message))
            } catch (error: LiteRtException) {
                fail(getString(R.string.model_failed, error.message))
            } catch (error: IllegalArgumentException) {
                // Golden files that are not this model's, or as many runs as cannot be.
                fail(getString(R.string.benchmark_failed, error.message))
            } catch (error: IllegalStateException) {
                fail(getString(R.string.benchmark_failed, error.message))
            } catch (error: Left) {
                fail(getString(R.string.benchmark_left))
            }
            handler.post { view<Button>(R.id.start).isEnabled = true }
        }
    }

    override fun parity(text: String) {
        handler.post { view<TextView>(R.id.parity).text = text }
    }

    override fun progress(done: Int, total: Int) {
        if (left) throw Left()
        if (done % PROGRESS_STEP != 0 && done != total) return
        handler.post {
            val bar = view<ProgressBar>(R.id.progress)
            bar.max = total
            bar.progress = done
        }
    }

    private fun show(finished: BenchmarkResult) {
        val text = getString(
            R.string.benchmark_result,
            finished.card.name,
            finished.accelerator,
            finished.round.quantileMs(0.5),
            finished.round.quantileMs(0.9),
            finished.round.firstNs / 1e6,
            finished.round.initNs / 1e6,
            finished.round.timedNs.size,
            finished.plan.warmupRuns,
        )
        handler.post {
            result = finished
            view<View>(R.id.save).isEnabled = true
            view<View>(R.id.share).isEnabled = true
        }
        report(text)
        write(finished.toJson())
    }

    private fun fail(text: String) {
        report(text)
        write(failureJson(appVersion(this), text))
    }

    /**
     * Beside the model that was pushed, or else where adb can fetch it without any permission; null
     * when the storage is not there.
     */
    private fun resultFile(): File? = (pushed ?: getExternalFilesDir(null))?.let { File(it, FILE) }

    private fun write(json: String) {
        try {
            val file = resultFile() ?: throw IOException("no external storage")
            // A reader never sees half a file.
            val part = File(file.path + ".part")
            part.writeText(json)
            if (!part.renameTo(file)) throw IOException("cannot rename to ${file.name}")
        } catch (error: IOException) {
            note(getString(R.string.not_saved, error.message))
        }
    }

    private fun save(uri: Uri) {
        val json = result?.toJson() ?: return
        worker.execute {
            try {
                val stream = contentResolver.openOutputStream(uri)
                    ?: throw IOException("nothing opened it")
                stream.use { it.write(json.toByteArray()) }
                note(getString(R.string.saved))
            } catch (error: IOException) {
                note(getString(R.string.not_saved, error.message))
            }
        }
    }

    private fun share() {
        val json = result?.toJson() ?: return
        val send = Intent(Intent.ACTION_SEND)
        send.type = "application/json"
        send.putExtra(Intent.EXTRA_TEXT, json)
        startActivity(Intent.createChooser(send, getString(R.string.share)))
    }

    private fun report(text: String) {
        handler.post { view<TextView>(R.id.result).text = text }
    }

    private fun note(text: String) {
        handler.post { view<TextView>(R.id.note).text = text }
    }

    /** The screen was left while measuring. */
    private class Left : RuntimeException()

    private companion object {
        const val FILE = "benchmark.json"
        const val WARMUP_RUNS = 20
        const val RUNS = 200
        const val PROGRESS_STEP = 10
    }
}
