// Hand-written stub: signatures only, so that the app can be compiled without Google's repository.
// Audited against the published API by ci/audit_stubs.py; ci/stubs/audit.json says which.
package androidx.camera.lifecycle

import android.content.Context
import androidx.camera.core.Camera
import androidx.camera.core.CameraInfoUnavailableException
import androidx.camera.core.CameraSelector
import androidx.camera.core.UseCase
import androidx.lifecycle.LifecycleOwner
import com.google.common.util.concurrent.ListenableFuture

public class ProcessCameraProvider private constructor() {
    @Throws(CameraInfoUnavailableException::class)
    public fun hasCamera(cameraSelector: CameraSelector): Boolean = TODO()

    public fun unbindAll(): Unit = TODO()

    public fun bindToLifecycle(
        lifecycleOwner: LifecycleOwner,
        cameraSelector: CameraSelector,
        vararg useCases: UseCase?,
    ): Camera = TODO()

    public companion object {
        @JvmStatic
        public fun getInstance(context: Context): ListenableFuture<ProcessCameraProvider> = TODO()
    }
}
