package com.edgevision.demo

import android.content.Context
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
        future.addListener({
            try {
                bind(future.get(), preview, inference, onFrame, onProblem)
            } catch (error: ExecutionException) {
                onProblem(error.cause?.message ?: error.message)
            } catch (error: CameraInfoUnavailableException) {
                onProblem(error.message)
            } catch (error: IllegalArgumentException) {
                // The camera cannot serve preview and analysis together.
                onProblem(error.message)
            } catch (error: IllegalStateException) {
                onProblem(error.message)
            }
        }, main)
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
        val screen = Preview.Builder().build()
        screen.setSurfaceProvider(preview.surfaceProvider)
        val analysis = ImageAnalysis.Builder()
            .setBackpressureStrategy(ImageAnalysis.STRATEGY_KEEP_ONLY_LATEST)
            .setOutputImageFormat(ImageAnalysis.OUTPUT_IMAGE_FORMAT_RGBA_8888)
            .build()
        analysis.setAnalyzer(inference) { image -> analyze(image, onFrame) }
        provider.unbindAll()
        provider.bindToLifecycle(owner, selector, screen, analysis)
        this.provider = provider
        this.analysis = analysis
    }

    /** Lets go of the camera; no frame is given to the inference thread any more. */
    fun stop() {
        analysis?.clearAnalyzer()
        provider?.unbindAll()
        analysis = null
        provider = null
    }

    private fun analyze(image: ImageProxy, onFrame: (Frame) -> Unit) {
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
        } finally {
            // The pixels are copied: the camera can have its buffer back while the model runs.
            image.close()
        }
        onFrame(frame)
    }
}
