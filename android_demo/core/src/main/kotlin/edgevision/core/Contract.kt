package edgevision.core

/** How a photo is brought to the model's shape. */
enum class Fit { STRETCH, CENTER_CROP, LETTERBOX }

/** Channels of the model's input, in order. */
enum class ColorOrder(val channels: Int) { RGB(3), BGR(3), GRAY(1) }

/**
 * How an upright photo becomes the input tensor: the Kotlin twin of the toolchain's
 * `edgevision.preprocess.image_preprocessing.ImagePreprocessing`.
 * real = (pixel - mean) / std, pixels 0..255.
 */
class Contract(
    val width: Int,
    val height: Int,
    val fit: Fit,
    /** Side of the cropped region as a fraction of the largest possible; center-crop only. */
    val cropFraction: Double,
    /** Pixel value around a letterboxed picture, 0..255. */
    val pad: Int,
    val color: ColorOrder,
    /** Per channel in `color` order, in pixel units. */
    val mean: DoubleArray,
    val std: DoubleArray,
) {
    val channels: Int get() = color.channels

    internal companion object {
        const val MAX_SIDE = 8192

        private val KNOWN = setOf(
            "width", "height", "fit", "crop_fraction", "pad", "color", "mean", "std", "resize",
        )
        private val FITS = mapOf(
            "stretch" to Fit.STRETCH,
            "center-crop" to Fit.CENTER_CROP,
            "letterbox" to Fit.LETTERBOX,
        )
        private val COLORS = mapOf(
            "rgb" to ColorOrder.RGB,
            "bgr" to ColorOrder.BGR,
            "gray" to ColorOrder.GRAY,
        )

        /** Reads strictly: an unknown name might change the pixels, so it is an error. */
        fun read(fields: Fields): Contract {
            val unknown = fields.names - KNOWN
            if (unknown.isNotEmpty()) {
                throw CardException("unknown preprocessing \"${unknown.first()}\": update the app")
            }
            fields.choice("resize", mapOf("linear-exact" to Unit))
            val color = fields.choice("color", COLORS)
            val contract = Contract(
                width = fields.int("width"),
                height = fields.int("height"),
                fit = fields.choice("fit", FITS),
                cropFraction = fields.number("crop_fraction"),
                pad = fields.int("pad"),
                color = color,
                mean = perChannel(fields, "mean", color.channels),
                std = perChannel(fields, "std", color.channels),
            )
            check(contract, fields)
            return contract
        }

        private fun perChannel(fields: Fields, name: String, channels: Int): DoubleArray {
            val numbers = fields.numbers(name)
            return when (numbers.size) {
                channels -> numbers.toDoubleArray()
                1 -> DoubleArray(channels) { numbers[0] }
                else -> fields.refuse(name, "1 or $channels numbers")
            }
        }

        private fun check(contract: Contract, fields: Fields) {
            if (contract.width !in 1..MAX_SIDE) fields.refuse("width", "1 to $MAX_SIDE")
            if (contract.height !in 1..MAX_SIDE) fields.refuse("height", "1 to $MAX_SIDE")
            if (contract.pad !in 0..255) fields.refuse("pad", "0 to 255")
            if (contract.cropFraction <= 0 || contract.cropFraction > 1) {
                fields.refuse("crop_fraction", "above 0 and at most 1")
            }
            if (contract.std.any { it <= 0 }) fields.refuse("std", "positive")
        }
    }
}
