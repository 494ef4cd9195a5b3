// Hand-written stub: signatures only, so that the app can be compiled without Google's repository.
// Audited against the published API by ci/audit_stubs.py; ci/stubs/audit.json says which.
package com.google.ai.edge.litert

public enum class Accelerator private constructor(public val value: Int) {
    NONE(0),
    CPU(1),
    GPU(2),
    NPU(3),
}
