// Hand-written stub: signatures only, so that the app can be compiled without Google's repository.
// Audited against the published API by ci/audit_stubs.py; ci/stubs/audit.json says which.
package androidx.activity

import android.app.Activity
import androidx.activity.result.ActivityResultCallback
import androidx.activity.result.ActivityResultLauncher
import androidx.activity.result.contract.ActivityResultContract
import androidx.lifecycle.Lifecycle
import androidx.lifecycle.LifecycleOwner

public open class ComponentActivity :
    Activity(),
    LifecycleOwner {
    override val lifecycle: Lifecycle
        get() = TODO()

    public fun <I, O> registerForActivityResult(
        contract: ActivityResultContract<I, O>,
        callback: ActivityResultCallback<O>,
    ): ActivityResultLauncher<I> = TODO()
}
