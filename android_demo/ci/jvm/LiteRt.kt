package edgevision.ci

import com.sun.jna.Function
import com.sun.jna.Memory
import com.sun.jna.NativeLibrary
import com.sun.jna.Pointer
import com.sun.jna.ptr.PointerByReference

/**
 * LiteRT's CompiledModel on a desktop, through the C API of libLiteRt.so: what the app calls by
 * way of JNI on a phone. The C API changes between releases, so the library is pinned by setup.sh.
 *
 * Source of the signatures: litert/c/litert_{environment,model,options,compiled_model,
 * tensor_buffer}.h of LiteRT 2.x; LiteRtRankedTensorType is 72 bytes, its dimensions start at 8.
 */
class LiteRt(library: String, model: String) : AutoCloseable {
    private val native = NativeLibrary.getInstance(library)
    private val environment = create("LiteRtCreateEnvironment", 0, Pointer.NULL)
    private val loaded = create("LiteRtCreateModelFromFile", environment, model)
    private val options = create("LiteRtCreateOptions").also {
        call("LiteRtSetOptionsHardwareAccelerators", it, CPU)
    }
    private val compiled = create("LiteRtCreateCompiledModel", environment, loaded, options)

    /** Runs on `input` (the tensor's bytes) and returns the bytes of the output tensor. */
    fun run(
        input: ByteArray,
        type: Int,
        shape: List<Int>,
        outputType: Int,
        outputShape: List<Int>,
    ): ByteArray {
        val from = buffer("LiteRtGetCompiledModelInputBufferRequirements", type, shape)
        val to = buffer("LiteRtGetCompiledModelOutputBufferRequirements", outputType, outputShape)
        try {
            locked(from, WRITE) { it.write(0, input, 0, input.size) }
            call("LiteRtRunCompiledModel", compiled, 0L, 1L, arrayOf(from), 1L, arrayOf(to))
            val output = ByteArray(outputShape.fold(BYTES.getValue(outputType)) { a, b -> a * b })
            locked(to, READ) { it.read(0, output, 0, output.size) }
            return output
        } finally {
            invoke("LiteRtDestroyTensorBuffer", from)
            invoke("LiteRtDestroyTensorBuffer", to)
        }
    }

    override fun close() {
        invoke("LiteRtDestroyCompiledModel", compiled)
        invoke("LiteRtDestroyOptions", options)
        invoke("LiteRtDestroyModel", loaded)
        invoke("LiteRtDestroyEnvironment", environment)
    }

    private fun buffer(requirementsOf: String, type: Int, shape: List<Int>): Pointer {
        val ranked = Memory(RANKED_TYPE_BYTES)
        ranked.clear()
        ranked.setInt(0, type)
        ranked.setInt(4, shape.size)
        shape.forEachIndexed { index, side -> ranked.setInt(8L + 4 * index, side) }
        val requirements = create(requirementsOf, compiled, 0L, 0L)
        return create(
            "LiteRtCreateManagedTensorBufferFromRequirements",
            environment,
            ranked,
            requirements,
        )
    }

    private fun locked(buffer: Pointer, mode: Int, use: (Pointer) -> Unit) {
        val address = PointerByReference()
        call("LiteRtLockTensorBuffer", buffer, address, mode)
        use(address.value)
        call("LiteRtUnlockTensorBuffer", buffer)
    }

    /** Calls a function whose last argument receives what it makes. */
    private fun create(name: String, vararg arguments: Any?): Pointer {
        val made = PointerByReference()
        call(name, *arguments, made)
        return made.value
    }

    private fun call(name: String, vararg arguments: Any?) {
        val status = function(name).invokeInt(arguments)
        check(status == 0) { "$name failed with status $status" }
    }

    private fun invoke(name: String, vararg arguments: Any?) = function(name).invokeVoid(arguments)

    private fun function(name: String): Function = native.getFunction(name)

    companion object {
        const val FLOAT32 = 1
        const val INT8 = 9
        private val BYTES = mapOf(FLOAT32 to 4, INT8 to 1)
        private const val CPU = 1
        private const val READ = 0
        private const val WRITE = 1
        private const val RANKED_TYPE_BYTES = 72L
    }
}
