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

    private val permission =
        registerForActivityResult(ActivityResultContracts.RequestPermission()) { granted ->
            if (granted) startCamera() else explainPermission()
        }

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
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
        if (checkSelfPermission(Manifest.permission.CAMERA) == PackageManager.PERMISSION_GRANTED) {
            startCamera()
        } else {
            permission.launch(Manifest.permission.CAMERA)
        }
    }

    override fun onDestroy() {
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
                val card = ModelAssets(assets).card(getString(R.string.no_model))
                val opened = Classifier.open(assets, card, preferGpu)
                classifier = opened
                frames = FrameClassifier(opened)
            } catch (error: CardException) {
                say(getString(R.string.model_failed, error.message))
            }
        }
    }

    private fun closeModel() {
        frames = null
        classifier?.close()
        classifier = null
    }

    private fun startCamera() {
        hideMessage()
        val preview = view<PreviewView>(R.id.preview)
        camera.start(preview, inference, ::onFrame) { problem ->
            if (problem == null) {
                say(getString(R.string.no_camera))
            } else {
                say(getString(R.string.camera_failed, problem))
            }
        }
    }

    /** On the inference thread. */
    private fun onFrame(frame: Frame) {
        val running = frames ?: return
        val model = classifier ?: return
        val answer = try {
            running.classify(frame)
        } catch (error: LiteRtException) {
            closeModel()
            say(getString(R.string.model_failed, error.message))
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
        handler.post { overlay.show(Reading(status, lines)) }
    }

    private fun badge(model: Classifier): String =
        if (model.gpuRefusal != null) getString(R.string.gpu_refused) else model.accelerator.name

    private fun explainPermission() {
        if (shouldShowRequestPermissionRationale(Manifest.permission.CAMERA)) {
            say(getString(R.string.camera_needed), getString(R.string.allow_camera)) {
                permission.launch(Manifest.permission.CAMERA)
            }
        } else {
            // Denied for good: only the settings can change it.
            say(getString(R.string.camera_needed), getString(R.string.open_settings)) {
                val app = Uri.fromParts("package", packageName, null)
                startActivity(Intent(Settings.ACTION_APPLICATION_DETAILS_SETTINGS, app))
            }
        }
    }

    private fun say(text: String, action: String? = null, onAction: () -> Unit = {}) {
        handler.post {
            view<TextView>(R.id.message_text).text = text
            val button = view<Button>(R.id.message_action)
            button.visibility = if (action == null) View.GONE else View.VISIBLE
            button.text = action
            button.setOnClickListener { onAction() }
            view<View>(R.id.message).visibility = View.VISIBLE
        }
    }

    private fun hideMessage() {
        view<View>(R.id.message).visibility = View.GONE
    }
}
