package com.edgevision.demo

import android.content.res.AssetManager
import edgevision.core.CardException
import edgevision.core.GoldenSet
import edgevision.core.ModelCard
import java.io.IOException
import java.security.MessageDigest
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
        val digest = MessageDigest.getInstance("SHA-256").digest(read(card.file))
        if (digest.joinToString("") { "%02x".format(it) } != card.sha256) {
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
            deflater.setInput(read(card.file))
            deflater.finish()
            val block = ByteArray(1 shl 16)
            while (!deflater.finished()) deflater.deflate(block)
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

    companion object {
        const val FOLDER = "model"
        private const val CARD = "model.json"
        private const val GOLDEN = "golden"
    }
}
