package edgevision.core

/** An input or output tensor; `quantization` is null for float32. */
class TensorCard(
    val name: String,
    val shape: List<Int>,
    val dtype: String,
    val quantization: Quantization?,
)

/**
 * `model.json` as `edgevision android export` writes it: which file, how a photo becomes its
 * input, what its output means.
 */
class ModelCard(
    val name: String,
    val file: String,
    val sha256: String,
    /** Of the file that was given to `edgevision android export`; another when it was rewritten. */
    val sourceSha256: String,
    val sizeBytes: Int,
    val liteRtVersion: String,
    val contract: Contract,
    val input: TensorCard,
    val output: TensorCard,
    val activation: Activation,
    val precision: String,
    val labels: List<String>,
) {
    val classes: Int get() = output.shape.last()

    /** The label of a class, or its number when the card has no labels. */
    fun label(index: Int): String = labels.getOrElse(index) { "#$index" }

    companion object {
        private const val VERSION = 1
        private val DTYPES = mapOf("float32" to "float32", "int8" to "int8")
        private val ACTIVATIONS = mapOf(
            "softmax" to Activation.SOFTMAX,
            "sigmoid" to Activation.SIGMOID,
            "logits" to Activation.LOGITS,
        )

        /** Raises [CardException] with a message for the screen when `json` cannot be honoured. */
        fun parse(json: String): ModelCard {
            val parsed = try {
                parseJson(json)
            } catch (error: JsonException) {
                throw CardException("model.json is damaged, ${error.message}")
            }
            val card = Fields(parsed, "model.json")
            val version = card.int("schema_version")
            if (version != VERSION) {
                throw CardException("model.json has version $version: update the app")
            }
            card.choice("kind", mapOf("classification" to Unit))
            val file = card.fields("file")
            val model = ModelCard(
                name = card.text("name"),
                file = file.text("name"),
                sha256 = file.text("sha256"),
                sourceSha256 = card.fields("android").text("source_sha256"),
                sizeBytes = file.int("size_bytes"),
                liteRtVersion = card.fields("android").text("litert"),
                contract = Contract.read(card.fields("preprocess")),
                input = only(card, "inputs"),
                output = only(card, "outputs"),
                activation = card.choice("activation", ACTIVATIONS),
                precision = card.text("precision"),
                labels = card.texts("labels"),
            )
            model.check()
            return model
        }

        private fun only(card: Fields, name: String): TensorCard {
            val tensors = card.items(name)
            if (tensors.size != 1) card.refuse(name, "one tensor, not ${tensors.size}")
            val fields = tensors[0]
            val dtype = fields.choice("dtype", DTYPES)
            return TensorCard(
                name = fields.text("name"),
                shape = fields.ints("shape"),
                dtype = dtype,
                quantization = if (dtype == "int8") {
                    Quantization(fields.number("scale"), fields.int("zero_point"))
                } else {
                    null
                },
            )
        }
    }

    private fun check() {
        val expected = listOf(1, contract.height, contract.width, contract.channels)
        if (input.shape != expected) {
            throw CardException("input ${input.shape} does not fit the photo's $expected")
        }
        if (output.shape.isEmpty() || output.shape.dropLast(1).any { it != 1 } || classes < 1) {
            throw CardException("output ${output.shape} is no list of classes")
        }
        if (labels.isNotEmpty() && labels.size != classes) {
            throw CardException("${labels.size} labels for $classes classes")
        }
        if (file.isEmpty() || file.contains('/') || file.contains('\\')) {
            throw CardException("\"$file\" is no file name")
        }
    }
}
