// Hand-written stub: signatures only, so that the app can be compiled without Google's repository.
// Audited against the published API by ci/audit_stubs.py; ci/stubs/audit.json says which.
package androidx.camera.core;

public final class CameraSelector {
    public static final CameraSelector DEFAULT_BACK_CAMERA = null;
    public static final CameraSelector DEFAULT_FRONT_CAMERA = null;

    private CameraSelector() {}
}
