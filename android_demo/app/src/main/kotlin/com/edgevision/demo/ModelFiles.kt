package com.edgevision.demo

import android.content.res.AssetManager
import com.google.ai.edge.litert.CompiledModel
import edgevision.core.CardException
import edgevision.core.GoldenSet
import edgevision.core.ModelCard
import java.io.File
import java.io.IOException
import java.io.InputStream
import java.security.MessageDigest
import java.util.Locale
import java.util.zip.Deflater

/**
 * The files that `edgevision android export` put into the app, or, when `folder` is not null, that
 * `edgevision bench --app` put there.
 */
class ModelFiles(private val assets: AssetManager, private val folder: File? = null) {
    /**
     * The card, after checking that the model is the one it describes: native code is not given
     * a file that was damaged or exchanged.
     *
     * Raises [CardException] with a message for the screen.
     */
    fun card(missing: String): ModelCard {
        if (CARD !in names()) throw CardException(missing)
        val card = ModelCard.parse(String(read(CARD)))
        val digest = MessageDigest.getInstance("SHA-256")
        inBlocks(card.file) { block, size -> digest.update(block, 0, size) }
        val hex = digest.digest().joinToString("") { "%02x".format(Locale.ROOT, it) }
        if (hex != card.sha256) {
            throw CardException("${card.file} is not the file that $CARD describes")
        }
        return card
    }

    fun goldens(): GoldenSet = GoldenSet.parse(String(read("$GOLDEN/golden.json")))

    fun golden(name: String): ByteArray = read("$GOLDEN/$name")

    /** Size of the model deflated, as an app store sends it. */
    fun zippedBytes(card: ModelCard): Int {
        val deflater = Deflater(Deflater.BEST_COMPRESSION, true)
        try {
            val packed = ByteArray(BLOCK_BYTES)
            inBlocks(card.file) { block, size ->
                deflater.setInput(block, 0, size)
                while (!deflater.needsInput()) deflater.deflate(packed)
            }
            deflater.finish()
            while (!deflater.finished()) deflater.deflate(packed)
            return deflater.totalOut
        } finally {
            deflater.end()
        }
    }

    /** Raises LiteRtException when it cannot be compiled like that. */
    fun compile(card: ModelCard, options: CompiledModel.Options): CompiledModel =
        if (folder != null) {
            CompiledModel.create(File(folder, card.file).path, options)
        } else {
            CompiledModel.create(assets, "$FOLDER/${card.file}", options)
        }

    private fun names(): Array<out String> =
        (if (folder != null) folder.list() else assets.list(FOLDER)).orEmpty()

    private fun open(name: String): InputStream =
        if (folder != null) File(folder, name).inputStream() else assets.open("$FOLDER/$name")

    private fun read(name: String): ByteArray = try {
        open(name).use { it.readBytes() }
    } catch (error: IOException) {
        throw CardException("$name cannot be read: ${error.message}")
    }

    /** A model may be larger than what an app may hold in memory at once. */
    private fun inBlocks(name: String, use: (block: ByteArray, size: Int) -> Unit) = try {
        open(name).use { stream ->
            val block = ByteArray(BLOCK_BYTES)
            var size = stream.read(block)
            while (size >= 0) {
                use(block, size)
                size = stream.read(block)
            }
        }
    } catch (error: IOException) {
        throw CardException("$name cannot be read: ${error.message}")
    }

    private companion object {
        const val BLOCK_BYTES = 1 shl 16
        const val FOLDER = "model"
        const val CARD = "model.json"
        const val GOLDEN = "golden"
    }
}
