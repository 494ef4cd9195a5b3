// Hand-written stub: signatures only, so that the app can be compiled without Google's repository.
// Audited against the published API by ci/audit_stubs.py; ci/stubs/audit.json says which.
package com.google.ai.edge.litert

public class LiteRtException(private val status: Status, message: String) : Exception(message)

public enum class Status(public val code: Int) {
    Ok(0),
}
