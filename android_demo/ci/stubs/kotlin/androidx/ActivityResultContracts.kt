// Hand-written stub: signatures only, so that the app can be compiled without Google's repository.
// Audited against the published API by ci/audit_stubs.py; ci/stubs/audit.json says which.
package androidx.activity.result.contract

import android.content.Context
import android.content.Intent
import android.net.Uri

public abstract class ActivityResultContract<I, O> {
    public abstract fun createIntent(context: Context, input: I): Intent

    public abstract fun parseResult(resultCode: Int, intent: Intent?): O
}

public class ActivityResultContracts private constructor() {
    public class RequestPermission : ActivityResultContract<String, Boolean>() {
        override fun createIntent(context: Context, input: String): Intent = TODO()

        override fun parseResult(resultCode: Int, intent: Intent?): Boolean = TODO()
    }

    public open class CreateDocument(private val mimeType: String) :
        ActivityResultContract<String, Uri?>() {
        override fun createIntent(context: Context, input: String): Intent = TODO(mimeType)

        final override fun parseResult(resultCode: Int, intent: Intent?): Uri? = TODO()
    }
}
