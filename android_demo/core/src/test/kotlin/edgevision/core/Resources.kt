package edgevision.core

import java.io.InputStream

/** A golden file of the toolchain. */
internal fun resource(name: String): ByteArray =
    checkNotNull(Preprocessor::class.java.getResourceAsStream("/golden/$name")) {
        "no golden file $name: python -m tests.android.core_goldens writes them"
    }.use(InputStream::readBytes)

internal fun contract(
    width: Int,
    height: Int,
    fit: Fit = Fit.STRETCH,
    cropFraction: Double = 1.0,
    color: ColorOrder = ColorOrder.RGB,
) = Contract(
    width = width,
    height = height,
    fit = fit,
    cropFraction = cropFraction,
    pad = 0,
    color = color,
    mean = DoubleArray(color.channels),
    std = DoubleArray(color.channels) { 1.0 },
)
