// Hand-written stub: signatures only, so that the app can be compiled without Google's repository.
// Audited against the published API by ci/audit_stubs.py; ci/stubs/audit.json says which.
package androidx.camera.core;

import java.nio.ByteBuffer;

public interface ImageProxy extends AutoCloseable {
    @Override
    void close();

    int getHeight();

    int getWidth();

    ImageInfo getImageInfo();

    PlaneProxy[] getPlanes();

    interface PlaneProxy {
        ByteBuffer getBuffer();

        int getPixelStride();

        int getRowStride();
    }
}
