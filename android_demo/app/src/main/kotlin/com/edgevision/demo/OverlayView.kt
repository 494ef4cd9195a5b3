package com.edgevision.demo

import android.content.Context
import android.graphics.Canvas
import android.graphics.Paint
import android.util.AttributeSet
import android.util.TypedValue
import android.view.View
import edgevision.core.Ranked

/** What is on screen for one frame. */
class Reading(
    val status: String,
    val lines: List<Pair<String, Float>>,
    /** The first label, without its number. */
    val spoken: String? = null,
)

/** The highest classes as bars, and below them what runs and how long it takes. */
class OverlayView @JvmOverloads constructor(context: Context, attributes: AttributeSet? = null) :
    View(context, attributes) {

    private val text = Paint(Paint.ANTI_ALIAS_FLAG)
    private val bar = Paint()
    private val lineHeight: Float
    private var reading = Reading("", emptyList())

    init {
        text.color = context.getColor(android.R.color.white)
        text.textSize = sp(16f)
        bar.color = context.getColor(R.color.accent)
        bar.alpha = BAR_ALPHA
        lineHeight = text.fontSpacing * LINE_SPACING
    }

    fun show(next: Reading) {
        // The layout makes this a live region: read aloud when the answer changes, and not with
        // every per cent, thirty times a second.
        if (next.spoken != null && next.spoken != reading.spoken) contentDescription = next.spoken
        reading = next
        invalidate()
    }

    override fun onMeasure(widthSpec: Int, heightSpec: Int) {
        val height = (lineHeight * (LINES + 1)).toInt()
        setMeasuredDimension(getDefaultSize(suggestedMinimumWidth, widthSpec), height)
    }

    override fun onDraw(canvas: Canvas) {
        super.onDraw(canvas)
        var top = 0f
        for ((label, share) in reading.lines) {
            canvas.drawRect(0f, top, width * share.coerceIn(0f, 1f), top + text.fontSpacing, bar)
            draw(canvas, label, top)
            top += lineHeight
        }
        draw(canvas, reading.status, LINES * lineHeight)
    }

    /** As much of the line as fits. */
    private fun draw(canvas: Canvas, line: String, top: Float) {
        val fitting = text.breakText(line, true, width.toFloat(), null)
        canvas.drawText(line, 0, fitting, 0f, top - text.ascent(), text)
    }

    private fun sp(size: Float) =
        TypedValue.applyDimension(TypedValue.COMPLEX_UNIT_SP, size, resources.displayMetrics)

    companion object {
        const val LINES = 5
        private const val LINE_SPACING = 1.25f
        private const val BAR_ALPHA = 110

        /** "owl 83 %", with the bar's length. */
        fun line(label: String, ranked: Ranked): Pair<String, Float> =
            "$label  ${Math.round(ranked.score * 100)} %" to ranked.score
    }
}
