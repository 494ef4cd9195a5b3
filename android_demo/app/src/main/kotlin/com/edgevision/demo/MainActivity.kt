package com.edgevision.demo

import android.Manifest
import android.content.Intent
import android.content.pm.PackageManager
import android.net.Uri
import android.os.Bundle
import android.os.Handler
import android.os.Looper
import android.provider.Settings
import android.view.View
import android.widget.Button
import android.widget.TextView
import androidx.activity.ComponentActivity
import androidx.activity.result.contract.ActivityResultContracts
import androidx.camera.view.PreviewView
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.LiteRtException
import edgevision.core.CardException
import edgevision.core.Frame
import java.util.concurrent.Executor
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors

/** The camera picture with the model's answer over it. Whatever is missing is said on screen. */
class MainActivity : ComponentActivity() {
    private val handler = Handler(Looper.getMainLooper())
    private val main = Executor { handler.post(it) }

    /** The model is created, used and closed on this thread and no other. */
    private val inference: ExecutorService = Executors.newSingleThreadExecutor()
    private lateinit var camera: CameraFeed
    private lateinit var overlay: OverlayView
    private var classifier: Classifier? = null
    private var frames: FrameClassifier? = null
    private var wantsGpu = false
    private var hasCamera = false
    private val problems = HashMap<Place, Problem>()

    private val permission =
        registerForActivityResult(ActivityResultContracts.RequestPermission()) { granted ->
            if (!granted) {
                explainPermission()
            } else if (!hasCamera) {
                startCamera()
            }
        }

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        wantsGpu = savedInstanceState?.getBoolean(GPU) ?: false
        setContentView(R.layout.activity_main)
        keepClearOfSystemBars(view(R.id.root))
        overlay = view(R.id.overlay)
        camera = CameraFeed(this, this, main)
        view<Button>(R.id.benchmark).setOnClickListener {
            startActivity(Intent(this, BenchmarkActivity::class.java))
        }
        view<Button>(R.id.accelerator).setOnClickListener {
            wantsGpu = !wantsGpu
            openModel()
        }
        openModel()
        if (!mayUseCamera()) {
            // Turned while the question is on screen, a second one would be answered with no.
            explainPermission()
            if (savedInstanceState == null) permission.launch(Manifest.permission.CAMERA)
        }
    }

    override fun onSaveInstanceState(outState: Bundle) {
        super.onSaveInstanceState(outState)
        outState.putBoolean(GPU, wantsGpu)
    }

    override fun onStart() {
        super.onStart()
        // Also on the way back from the settings, where it may have been allowed.
        if (mayUseCamera() && !hasCamera) startCamera()
    }

    override fun onDestroy() {
        camera.stop()
        inference.execute { closeModel() }
        // Lets what was given run to its end, the closing included.
        inference.shutdown()
        super.onDestroy()
    }

    private fun openModel() {
        val preferGpu = wantsGpu
        inference.execute {
            closeModel()
            try {
                val files = ModelFiles(assets)
                val card = files.card(getString(R.string.no_model))
                use(Classifier.open(files, card, preferGpu))
            } catch (error: CardException) {
                say(Place.MODEL, Problem(getString(R.string.model_failed, error.message)))
            }
        }
    }

    private fun use(opened: Classifier) {
        classifier = opened
        frames = FrameClassifier(opened)
        say(Place.MODEL, null)
    }

    private fun closeModel() {
        frames = null
        classifier?.close()
        classifier = null
    }

    private fun mayUseCamera(): Boolean =
        checkSelfPermission(Manifest.permission.CAMERA) == PackageManager.PERMISSION_GRANTED

    private fun startCamera() {
        hasCamera = true
        say(Place.CAMERA, null)
        val preview = view<PreviewView>(R.id.preview)
        camera.start(preview, inference, ::onFrame) { problem ->
            val text = when (problem) {
                null -> getString(R.string.no_camera)
                else -> getString(R.string.camera_failed, problem)
            }
            say(Place.CAMERA, Problem(text))
            // Tried again when the app is opened the next time.
            hasCamera = false
        }
    }

    /** On the inference thread. */
    private fun onFrame(frame: Frame) {
        val running = frames ?: return
        val model = classifier ?: return
        val answer = try {
            running.classify(frame)
        } catch (error: LiteRtException) {
            recover(model, error)
            return
        }
        val status = getString(
            R.string.frame_times,
            badge(model),
            answer.prepareMs,
            answer.inferMs,
            answer.inferP90Ms,
        )
        val lines = answer.top.map { OverlayView.line(model.card.label(it.index), it) }
        val spoken = answer.top.firstOrNull()?.let { model.card.label(it.index) }
        handler.post { overlay.show(Reading(status, lines, spoken)) }
    }

    /** A GPU that took the model and cannot run it is as good as one that refused it. */
    private fun recover(failed: Classifier, error: LiteRtException) {
        closeModel()
        val why = error.message ?: error.javaClass.simpleName
        if (failed.accelerator != Accelerator.GPU) {
            say(Place.MODEL, Problem(getString(R.string.model_failed, why)))
            return
        }
        try {
            val files = ModelFiles(assets)
            use(Classifier.open(files, failed.card, preferGpu = false, refusal = why))
        } catch (second: CardException) {
            say(Place.MODEL, Problem(getString(R.string.model_failed, second.message)))
        }
    }

    private fun badge(model: Classifier): String =
        if (model.gpuRefusal != null) getString(R.string.gpu_refused) else model.accelerator.name

    private fun explainPermission() {
        val text = getString(R.string.camera_needed)
        val problem = if (shouldShowRequestPermissionRationale(Manifest.permission.CAMERA)) {
            Problem(text, getString(R.string.allow_camera)) {
                permission.launch(Manifest.permission.CAMERA)
            }
        } else {
            // Denied for good: only the settings can change it.
            Problem(text, getString(R.string.open_settings)) {
                val app = Uri.fromParts("package", packageName, null)
                startActivity(Intent(Settings.ACTION_APPLICATION_DETAILS_SETTINGS, app))
            }
        }
        say(Place.CAMERA, problem)
    }

    /** Shows what stands in the way, or takes the message off; from any thread. */
    private fun say(place: Place, problem: Problem?) {
        handler.post {
            problems.remove(place)
            if (problem != null) problems[place] = problem
            // Without a model the camera does not help, so that is said first.
            show(problems[Place.MODEL] ?: problems[Place.CAMERA])
        }
    }

    private fun show(problem: Problem?) {
        view<View>(R.id.message).visibility = if (problem == null) View.GONE else View.VISIBLE
        if (problem == null) return
        view<TextView>(R.id.message_text).text = problem.text
        val button = view<Button>(R.id.message_action)
        button.visibility = if (problem.action == null) View.GONE else View.VISIBLE
        button.text = problem.action
        button.setOnClickListener { problem.onAction() }
    }

    private companion object {
        const val GPU = "gpu"
    }

    private enum class Place { MODEL, CAMERA }

    private class Problem(
        val text: String,
        val action: String? = null,
        val onAction: () -> Unit = {},
    )
}
