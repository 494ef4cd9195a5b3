// Hand-written stub: signatures only, so that the app can be compiled without Google's repository.
// Audited against the published API by ci/audit_stubs.py; ci/stubs/audit.json says which.
package androidx.activity.result

public fun interface ActivityResultCallback<O> {
    public fun onActivityResult(result: O)
}

public abstract class ActivityResultLauncher<I> {
    public open fun launch(input: I): Unit = TODO()
}
