// Hand-written stub: signatures only, so that the app can be compiled without Google's repository.
// Audited against the published API by ci/audit_stubs.py; ci/stubs/audit.json says which.
package com.google.ai.edge.litert

public abstract class JniHandle internal constructor(internal val handle: Long) : AutoCloseable {
    protected abstract fun destroy()

    final override fun close(): Unit = TODO()
}

public class TensorBuffer internal constructor(handle: Long) : JniHandle(handle) {
    @Throws(LiteRtException::class)
    public fun writeFloat(data: FloatArray): Unit = TODO()

    @Throws(LiteRtException::class)
    public fun writeInt8(data: ByteArray): Unit = TODO()

    @Throws(LiteRtException::class)
    public fun readFloat(): FloatArray = TODO()

    @Throws(LiteRtException::class)
    public fun readInt8(): ByteArray = TODO()

    protected override fun destroy(): Unit = TODO()
}
