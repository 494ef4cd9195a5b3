package com.edgevision.demo

import android.content.Context
import android.hardware.display.DisplayManager
import androidx.camera.core.CameraInfoUnavailableException
import androidx.camera.core.CameraSelector
import androidx.camera.core.ImageAnalysis
import androidx.camera.core.ImageProxy
import androidx.camera.core.Preview
import androidx.camera.lifecycle.ProcessCameraProvider
import androidx.camera.view.PreviewView
import androidx.lifecycle.LifecycleOwner
import edgevision.core.Frame
import java.util.concurrent.ExecutionException
import java.util.concurrent.Executor

/** The camera: on screen, and as upright RGB frames, always the newest and never a queue. */
class CameraFeed(
    private val context: Context,
    private val owner: LifecycleOwner,
    private val main: Executor,
) {
    private val frame = Frame()
    private var provider: ProcessCameraProvider? = null
    private var analysis: ImageAnalysis? = null
    private var rotation = 0

    /** What to do when the phone was turned to the opposite side, which restarts no activity. */
    private var bindAgain: () -> Unit = {}

    /** Set for good: the camera may be found only after its screen is gone. */
    private var isStopped = false
    private val displays = context.getSystemService(Context.DISPLAY_SERVICE) as DisplayManager
    private val turns = object : DisplayManager.DisplayListener {
        override fun onDisplayAdded(id: Int) = Unit

        override fun onDisplayRemoved(id: Int) = Unit

        override fun onDisplayChanged(id: Int) = bindAgain()
    }

    /**
     * Opens the back camera, or else any.
     *
     * @param inference thread on which `onFrame` is called; the frame is valid until it returns
     * @param onProblem called on the main thread with a message, null when there is no camera
     */
    fun start(
        preview: PreviewView,
        inference: Executor,
        onFrame: (Frame) -> Unit,
        onProblem: (String?) -> Unit,
    ) {
        val future = ProcessCameraProvider.getInstance(context)
        val bindOrSay = {
            try {
                if (!isStopped) bind(future.get(), preview, inference, onFrame, onProblem)
            } catch (error: ExecutionException) {
                onProblem(error.cause?.message ?: error.toString())
            } catch (error: CameraInfoUnavailableException) {
                onProblem(error.message ?: "unavailable")
            } catch (error: IllegalArgumentException) {
                // The camera cannot serve preview and analysis together.
                onProblem(error.message ?: "unsuitable")
            } catch (error: IllegalStateException) {
                onProblem(error.message ?: "unavailable")
            }
        }
        future.addListener({
            bindOrSay()
            bindAgain = { if ((preview.display?.rotation ?: rotation) != rotation) bindOrSay() }
        }, main)
        displays.registerDisplayListener(turns, null)
    }

    private fun bind(
        provider: ProcessCameraProvider,
        preview: PreviewView,
        inference: Executor,
        onFrame: (Frame) -> Unit,
        onProblem: (String?) -> Unit,
    ) {
        val selector = listOf(
            CameraSelector.DEFAULT_BACK_CAMERA,
            CameraSelector.DEFAULT_FRONT_CAMERA,
        )
            .firstOrNull { provider.hasCamera(it) }
        if (selector == null) {
            onProblem(null)
            return
        }
        // Both take the turn of the display as it is now, and keep it.
        rotation = preview.display?.rotation ?: rotation
        val screen = Preview.Builder().build()
        screen.setSurfaceProvider(preview.surfaceProvider)
        val analysis = ImageAnalysis.Builder()
            .setBackpressureStrategy(ImageAnalysis.STRATEGY_KEEP_ONLY_LATEST)
            .setOutputImageFormat(ImageAnalysis.OUTPUT_IMAGE_FORMAT_RGBA_8888)
            .build()
        analysis.setAnalyzer(inference) { image ->
            val problem = load(image)
            if (problem == null) {
                onFrame(frame)
            } else {
                analysis.clearAnalyzer()
                main.execute { if (!isStopped) onProblem(problem) }
            }
        }
        provider.unbindAll()
        provider.bindToLifecycle(owner, selector, screen, analysis)
        this.provider = provider
        this.analysis = analysis
    }

    /** Lets go of the camera; no frame is given to the inference thread any more. */
    fun stop() {
        isStopped = true
        bindAgain = {}
        displays.unregisterDisplayListener(turns)
        analysis?.clearAnalyzer()
        provider?.unbindAll()
        analysis = null
        provider = null
    }

    /** Copies the picture into the frame; what is wrong with it, or null. */
    private fun load(image: ImageProxy): String? {
        try {
            val plane = image.planes[0]
            frame.load(
                buffer = plane.buffer,
                storedWidth = image.width,
                storedHeight = image.height,
                rowStride = plane.rowStride,
                pixelStride = plane.pixelStride,
                rotation = image.imageInfo.rotationDegrees,
            )
            return null
        } catch (error: IllegalArgumentException) {
            // Memory laid out as no camera should.
            return error.message ?: "unknown layout"
        } finally {
            // The pixels are copied: the camera can have its buffer back while the model runs.
            image.close()
        }
    }
}
