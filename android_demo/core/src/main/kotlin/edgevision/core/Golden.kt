package edgevision.core

import java.nio.ByteBuffer
import java.nio.ByteOrder

/** A photo that travels with the model, and what Python computed from it; names are of files. */
class GoldenPhoto(
    val photo: String,
    val width: Int,
    val height: Int,
    val tensor: String,
    val scores: String,
    /** Python's highest classes with their scores, highest first. */
    val top: List<Ranked>,
)

/** `golden.json` as `edgevision android export` writes it. */
class GoldenSet(
    /** What ran the model in Python, "ai-edge-litert 2.3.0". */
    val runtime: String,
    val photos: List<GoldenPhoto>,
) {
    companion object {
        fun parse(json: String): GoldenSet {
            val parsed = try {
                parseJson(json)
            } catch (error: JsonException) {
                throw CardException("golden.json is damaged, ${error.message}")
            }
            val root = Fields(parsed, "golden.json")
            if (root.int("schema_version") != 1) root.refuse("schema_version", "1")
            return GoldenSet(root.text("runtime"), root.items("photos").map(::photo))
        }

        private fun photo(fields: Fields) = GoldenPhoto(
            photo = fields.text("photo"),
            width = fields.int("width"),
            height = fields.int("height"),
            tensor = fields.text("tensor"),
            scores = fields.text("scores"),
            top = fields.items("top").map {
                Ranked(it.int("index"), it.number("score").toFloat())
            },
        )
    }
}

/** How one golden photo came out here, compared with Python. */
class GoldenResult(
    val photo: String,
    /** Values of the input tensor that differ; 0 whatever runs the model. */
    val wrongInputs: Int,
    /** Largest difference of a score; 0 on a CPU of the same kernels, small on a GPU. */
    val largestDifference: Float,
    /** Whether the highest classes are Python's, in Python's order. */
    val sameTop: Boolean,
)

/**
 * Runs one golden photo through `preprocessor` and `infer` (input in the preprocessor's buffers,
 * real scores out) and compares every number with Python's.
 *
 * @param read content of a golden file by its name
 */
fun checkGolden(
    golden: GoldenPhoto,
    preprocessor: Preprocessor,
    read: (String) -> ByteArray,
    infer: () -> FloatArray,
): GoldenResult {
    val frame = Frame()
    val photo = ByteBuffer.wrap(read(golden.photo))
    frame.load(photo, golden.width, golden.height, golden.width * 3, 3, 0)
    preprocessor.run(frame)
    val wrong = wrongInputs(preprocessor, read(golden.tensor))
    val scores = infer()
    val expected = floats(read(golden.scores))
    require(expected.size == scores.size) { "${scores.size} scores, Python had ${expected.size}" }
    return GoldenResult(
        photo = golden.photo,
        wrongInputs = wrong,
        largestDifference = scores.indices.maxOf { Math.abs(scores[it] - expected[it]) },
        sameTop = topK(scores, golden.top.size).map { it.index } == golden.top.map { it.index },
    )
}

private fun wrongInputs(preprocessor: Preprocessor, expected: ByteArray): Int {
    val int8 = preprocessor.int8
    if (int8.isNotEmpty()) {
        require(expected.size == int8.size) { "${int8.size} inputs, Python had ${expected.size}" }
        return int8.indices.count { int8[it] != expected[it] }
    }
    val float32 = preprocessor.float32
    val real = floats(expected)
    require(real.size == float32.size) { "${float32.size} inputs, Python had ${real.size}" }
    return float32.indices.count { float32[it] != real[it] }
}

/** float32 values as they lie in a file, little-endian. */
internal fun floats(bytes: ByteArray): FloatArray {
    val values = FloatArray(bytes.size / 4)
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values)
    return values
}
