package com.edgevision.demo

import android.app.Activity
import android.view.View

/** The view `id` of the layout; the type is checked, and compiles on old and new SDKs alike. */
internal inline fun <reified T : View> Activity.view(id: Int): T {
    val found: View = findViewById(id)
    return found as T
}

/**
 * Pads `root` by the status and navigation bars: from target SDK 35 apps are drawn under them.
 *
 * The getters are deprecated since API 30 and still answer; their successor does not exist on 26.
 */
@Suppress("DEPRECATION")
fun keepClearOfSystemBars(root: View) {
    root.setOnApplyWindowInsetsListener { view, insets ->
        view.setPadding(
            insets.systemWindowInsetLeft,
            insets.systemWindowInsetTop,
            insets.systemWindowInsetRight,
            insets.systemWindowInsetBottom,
        )
        insets
    }
}
