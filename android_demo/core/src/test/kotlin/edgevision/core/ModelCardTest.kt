package edgevision.core

import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

/** The card of a model of three classes, by parts that a test replaces. */
internal fun cardJson(
    version: String = "1",
    preprocess: String = PREPROCESS,
    input: String = INPUT,
    output: String = OUTPUT,
    labels: String = "\"cat\", \"dog\", \"owl\"",
    kind: String = "classification",
    file: String = "model.tflite",
) = """{"file": {"name": "$file", "size_bytes": 1234, "sha256": "ab"},
    "android": {"litert": "2.3.0", "source_sha256": "cd"}, "schema_version": $version, "name": "pets", "kind": "$kind",
    "precision": "int8", "activation": "softmax", "preprocess": $preprocess,
    "inputs": [$input], "outputs": [$output], "labels": [$labels], "later": "ignored"}"""

internal const val PREPROCESS =
    """{"width": 8, "height": 6, "fit": "center-crop", "crop_fraction": 0.875, "pad": 0,
    "color": "rgb", "mean": [127.5], "std": [1.0, 2.0, 4.0], "resize": "linear-exact"}"""

internal const val INPUT =
    """{"name": "in", "shape": [1, 6, 8, 3], "dtype": "int8", "scale": 0.5, "zero_point": -3}"""

internal const val OUTPUT = """{"name": "out", "shape": [1, 3], "dtype": "float32", "scale": null,
    "zero_point": null}"""

class ModelCardTest {
    @Test
    fun `a card says how to use the model`() {
        val card = ModelCard.parse(cardJson())
        assertEquals("pets", card.name)
        assertEquals("model.tflite", card.file)
        assertEquals(1234, card.sizeBytes)
        assertEquals("2.3.0", card.liteRtVersion)
        assertEquals(Fit.CENTER_CROP, card.contract.fit)
        assertEquals(0.875, card.contract.cropFraction)
        assertEquals(listOf(127.5, 127.5, 127.5), card.contract.mean.toList())
        assertEquals(listOf(1.0, 2.0, 4.0), card.contract.std.toList())
        assertEquals(-3, card.input.quantization!!.zeroPoint)
        assertEquals(null, card.output.quantization)
        assertEquals(Activation.SOFTMAX, card.activation)
        assertEquals("owl", card.label(2))
    }

    @Test
    fun `classes without labels are shown by number`() {
        assertEquals("#2", ModelCard.parse(cardJson(labels = "")).label(2))
    }

    @Test
    fun `what cannot be honoured is refused with its name`() {
        refused("version 2", cardJson(version = "2"))
        refused("2 labels for 3 classes", cardJson(labels = "\"cat\", \"dog\""))
        refused("dtype", cardJson(input = INPUT.replace("int8", "uint8")))
        refused("does not fit", cardJson(input = INPUT.replace("[1, 6, 8, 3]", "[1, 8, 6, 3]")))
        refused("whole number", cardJson(input = INPUT.replace("[1, 6", "[1, 6.5")))
        refused("source_sha256", cardJson().replace("source_sha256", "source"))
        refused("inputs must be one", cardJson(input = "$INPUT, $INPUT"))
        refused("kind", cardJson(kind = "detection"))
        refused("scale", cardJson(input = INPUT.replace("0.5", "0")))
        refused("zero point 200", cardJson(input = INPUT.replace("-3", "200")))
        refused("no file name", cardJson(file = "../model.tflite"))
        refused("damaged", cardJson().dropLast(1))
        refused("is not an object", "[]")
    }

    @Test
    fun `preprocessing is read strictly`() {
        refused("antialias", cardJson(preprocess = PREPROCESS.replace("\"pad\"", "\"antialias\"")))
        refused("resize", cardJson(preprocess = PREPROCESS.replace("linear-exact", "cubic")))
        refused("fit", cardJson(preprocess = PREPROCESS.replace("center-crop", "zoom")))
        refused("std", cardJson(preprocess = PREPROCESS.replace("2.0", "0.0")))
        refused("mean", cardJson(preprocess = PREPROCESS.replace("[127.5]", "[1.0, 2.0]")))
        refused("pad", cardJson(preprocess = PREPROCESS.replace("\"pad\": 0", "\"pad\": 256")))
        refused("crop_fraction", cardJson(preprocess = PREPROCESS.replace("0.875", "1.5")))
        refused("width", cardJson(preprocess = PREPROCESS.replace("8,", "100000,")))
    }

    private fun refused(because: String, json: String) {
        val error = assertFailsWith<CardException>(because) { ModelCard.parse(json) }
        assertContains(error.message!!, because)
    }
}
