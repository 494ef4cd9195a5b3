package edgevision.ci

import edgevision.core.GoldenPhoto
import edgevision.core.GoldenSet
import edgevision.core.ModelCard
import edgevision.core.Postprocessor
import edgevision.core.Preprocessor
import edgevision.core.TensorCard
import edgevision.core.checkGolden
import edgevision.core.topK
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.security.MessageDigest
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue

/**
 * The exported models as the app would run them, photo to top-5, with Kotlin before and after and
 * LiteRT's native code between, against what Python computed when it exported them.
 */
class EndToEndTest {
    private val folders = System.getProperty(
        "edgevision.models",
    ).split(File.pathSeparator).map(::File)
    private val library = System.getProperty("edgevision.litert")

    @TestFactory
    fun `the file is the one its card describes`(): List<DynamicTest> = each { folder, card ->
        val content = File(folder, card.file).readBytes()
        val digest = MessageDigest.getInstance("SHA-256").digest(content)
        assertEquals(card.sha256, digest.joinToString("") { "%02x".format(it) })
        assertEquals(card.sizeBytes, content.size)
    }

    @TestFactory
    fun `inputs, scores and top-5 are those of Python`(): List<DynamicTest> = each { folder, card ->
        val goldens = GoldenSet.parse(File(folder, "golden/golden.json").readText())
        assertTrue(goldens.photos.isNotEmpty())
        LiteRt(library, File(folder, card.file).path).use { model ->
            // Other versions of LiteRT may order the sums of a float model differently.
            val isSame = goldens.runtime == "ai-edge-litert ${card.liteRtVersion}"
            val tolerance = if (isSame) 0f else OTHER_VERSION_TOLERANCE
            for (golden in goldens.photos) check(folder, card, golden, model, tolerance)
        }
    }

    private fun check(
        folder: File,
        card: ModelCard,
        golden: GoldenPhoto,
        model: LiteRt,
        tolerance: Float,
    ) {
        val preprocessor = Preprocessor(card.contract, card.input.quantization)
        val postprocessor = Postprocessor(card.output)
        val read = { name: String -> File(folder, "golden/$name").readBytes() }
        val infer = { infer(model, card, preprocessor, postprocessor) }
        val result = checkGolden(golden, preprocessor, read, infer)
        assertEquals(0, result.wrongInputs, "${golden.photo}: values of the input tensor")
        assertTrue(result.largestDifference <= tolerance, "${golden.photo}: scores")
        assertTrue(result.sameTop, "${golden.photo}: top-5")
        val top = topK(postprocessor.scores, golden.top.size)
        if (tolerance == 0f) assertEquals(golden.top, top, golden.photo)
        println(
            "${card.name} ${golden.photo}: " +
                top.joinToString { "${card.label(it.index)} ${it.score}" },
        )
    }

    private fun infer(
        model: LiteRt,
        card: ModelCard,
        preprocessor: Preprocessor,
        postprocessor: Postprocessor,
    ): FloatArray {
        val input = if (card.input.quantization !=
            null
        ) {
            preprocessor.int8
        } else {
            bytes(preprocessor.float32)
        }
        val output = model.run(
            input,
            type(card.input),
            card.input.shape,
            type(card.output),
            card.output.shape,
        )
        return if (card.output.quantization != null) {
            postprocessor.int8(output)
        } else {
            val real = FloatArray(output.size / 4)
            ByteBuffer.wrap(output).order(ByteOrder.nativeOrder()).asFloatBuffer().get(real)
            postprocessor.float32(real)
        }
    }

    private fun type(tensor: TensorCard) =
        if (tensor.dtype == "int8") LiteRt.INT8 else LiteRt.FLOAT32

    private fun bytes(real: FloatArray): ByteArray {
        val bytes = ByteBuffer.allocate(real.size * 4).order(ByteOrder.nativeOrder())
        bytes.asFloatBuffer().put(real)
        return bytes.array()
    }

    private fun each(test: (File, ModelCard) -> Unit): List<DynamicTest> {
        assertTrue(folders.isNotEmpty())
        return folders.map { folder ->
            val card = ModelCard.parse(File(folder, "model.json").readText())
            dynamicTest("${card.name}, ${card.input.dtype} to ${card.output.dtype}") {
                test(folder, card)
            }
        }
    }

    private companion object {
        const val OTHER_VERSION_TOLERANCE = 1e-4f
    }
}
