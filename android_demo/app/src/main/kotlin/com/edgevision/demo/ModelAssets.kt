package com.edgevision.demo

import android.content.res.AssetManager
import edgevision.core.CardException
import edgevision.core.GoldenSet
import edgevision.core.ModelCard
import java.io.IOException
import java.security.MessageDigest
import java.util.Locale
import java.util.zip.Deflater

/** The files that `edgevision android export` put into the app. */
class ModelAssets(private val assets: AssetManager) {
    /**
     * The card, after checking that the model is the one it describes: native code is not given
     * a file that was damaged or exchanged.
     *
     * Raises [CardException] with a message for the screen.
     */
    fun card(missing: String): ModelCard {
        if (CARD !in assets.list(FOLDER).orEmpty()) throw CardException(missing)
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

    private fun read(name: String): ByteArray = try {
        assets.open("$FOLDER/$name").use { it.readBytes() }
    } catch (error: IOException) {
        throw CardException("$name cannot be read: ${error.message}")
    }

    /** A model may be larger than what an app may hold in memory at once. */
    private fun inBlocks(name: String, use: (block: ByteArray, size: Int) -> Unit) = try {
        assets.open("$FOLDER/$name").use { stream ->
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

    companion object {
        private const val BLOCK_BYTES = 1 shl 16
        const val FOLDER = "model"
        private const val CARD = "model.json"
        private const val GOLDEN = "golden"
    }
}
