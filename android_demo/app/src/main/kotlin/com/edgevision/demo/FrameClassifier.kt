package com.edgevision.demo

import edgevision.core.Frame
import edgevision.core.LatencyWindow
import edgevision.core.Ranked
import edgevision.core.Smoothing
import edgevision.core.probabilities
import edgevision.core.topK

/** The answer to one frame, and how long frames took lately, in milliseconds. */
class Answer(
    val top: List<Ranked>,
    val prepareMs: Double,
    val inferMs: Double,
    val inferP90Ms: Double,
)

/** Runs frames through a classifier, smooths what it says and keeps the times; one thread. */
class FrameClassifier(private val classifier: Classifier) {
    private val smoothing = Smoothing(NEW_FRAME_WEIGHT)
    private val prepare = LatencyWindow(WINDOW)
    private val infer = LatencyWindow(WINDOW)
    private val shares = FloatArray(classifier.card.classes)

    fun classify(frame: Frame): Answer {
        val start = System.nanoTime()
        classifier.preprocessor.run(frame)
        classifier.feed()
        val ready = System.nanoTime()
        classifier.invoke()
        val scores = classifier.scores()
        // Until the scores are read: on a GPU the call itself returns before they are there.
        val done = System.nanoTime()
        prepare.add(ready - start)
        infer.add(done - ready)
        probabilities(scores, classifier.card.activation, shares)
        return Answer(
            top = topK(smoothing.add(shares), OverlayView.LINES),
            prepareMs = prepare.quantileMs(0.5) ?: 0.0,
            inferMs = infer.quantileMs(0.5) ?: 0.0,
            inferP90Ms = infer.quantileMs(0.9) ?: 0.0,
        )
    }

    private companion object {
        /** About the last three frames count: steady to read, quick to follow. */
        const val NEW_FRAME_WEIGHT = 0.35f
        const val WINDOW = 60
    }
}
