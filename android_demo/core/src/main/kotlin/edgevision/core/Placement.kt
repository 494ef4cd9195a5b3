package edgevision.core

/** Which part of the upright photo is used, and where in the input it lands; whole pixels. */
data class Placement(
    val sourceLeft: Int,
    val sourceTop: Int,
    val sourceWidth: Int,
    val sourceHeight: Int,
    val left: Int,
    val top: Int,
    val width: Int,
    val height: Int,
)

/**
 * Where an upright photo of `imageWidth` x `imageHeight` goes: integer arithmetic, rounding half
 * up, the twin of `edgevision.preprocess.pixels.place`.
 */
fun place(imageWidth: Int, imageHeight: Int, contract: Contract): Placement = when (contract.fit) {
    Fit.LETTERBOX -> letterbox(imageWidth, imageHeight, contract.width, contract.height)
    Fit.CENTER_CROP -> centerCrop(imageWidth, imageHeight, contract)
    Fit.STRETCH -> whole(imageWidth, imageHeight, contract)
}

private fun whole(imageWidth: Int, imageHeight: Int, contract: Contract) =
    Placement(0, 0, imageWidth, imageHeight, 0, 0, contract.width, contract.height)

private fun letterbox(imageWidth: Int, imageHeight: Int, width: Int, height: Int): Placement {
    var innerWidth = width
    var innerHeight = height
    // Long: 2 * 8192 * a photo's side overflows an Int. Cross products are exact.
    if (imageWidth.toLong() * height >= imageHeight.toLong() * width) {
        innerHeight = divideHalfUp(imageHeight.toLong() * width, imageWidth).coerceIn(1, height)
    } else {
        innerWidth = divideHalfUp(imageWidth.toLong() * height, imageHeight).coerceIn(1, width)
    }
    return Placement(
        sourceLeft = 0,
        sourceTop = 0,
        sourceWidth = imageWidth,
        sourceHeight = imageHeight,
        left = (width - innerWidth) / 2,
        top = (height - innerHeight) / 2,
        width = innerWidth,
        height = innerHeight,
    )
}

private fun centerCrop(imageWidth: Int, imageHeight: Int, contract: Contract): Placement {
    val width = contract.width.toLong()
    val height = contract.height.toLong()
    var sourceWidth = imageWidth.toLong()
    var sourceHeight = imageHeight.toLong()
    if (imageWidth * height > imageHeight * width) {
        sourceWidth = (imageHeight * width / height).coerceAtLeast(1)
    } else {
        sourceHeight = (imageWidth * height / width).coerceAtLeast(1)
    }
    // rint, as Python's round: ties to even.
    val steps = Math.rint(contract.cropFraction * 65536).toLong()
    sourceWidth = ((sourceWidth * steps + 32768) shr 16).coerceAtLeast(1)
    sourceHeight = ((sourceHeight * steps + 32768) shr 16).coerceAtLeast(1)
    return Placement(
        sourceLeft = ((imageWidth - sourceWidth) / 2).toInt(),
        sourceTop = ((imageHeight - sourceHeight) / 2).toInt(),
        sourceWidth = sourceWidth.toInt(),
        sourceHeight = sourceHeight.toInt(),
        left = 0,
        top = 0,
        width = contract.width,
        height = contract.height,
    )
}

private fun divideHalfUp(dividend: Long, divisor: Int): Int =
    ((2 * dividend + divisor) / (2L * divisor)).toInt()
