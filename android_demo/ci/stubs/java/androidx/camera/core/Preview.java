// Hand-written stub: signatures only, so that the app can be compiled without Google's repository.
// Audited against the published API by ci/audit_stubs.py; ci/stubs/audit.json says which.
package androidx.camera.core;

public final class Preview extends UseCase {
    private Preview() {}

    public void setSurfaceProvider(SurfaceProvider provider) {
        throw new UnsupportedOperationException();
    }

    public interface SurfaceProvider {}

    public static final class Builder {
        public Builder() {}

        public Preview build() {
            throw new UnsupportedOperationException();
        }
    }
}
