// Hand-written stub: signatures only, so that the app can be compiled without Google's repository.
// Audited against the published API by ci/audit_stubs.py; ci/stubs/audit.json says which.
package androidx.camera.core;

import java.util.concurrent.Executor;

public final class ImageAnalysis extends UseCase {
    public static final int STRATEGY_KEEP_ONLY_LATEST = 0;
    public static final int OUTPUT_IMAGE_FORMAT_RGBA_8888 = 2;

    private ImageAnalysis() {}

    public void clearAnalyzer() {
        throw new UnsupportedOperationException();
    }

    public void setAnalyzer(Executor executor, Analyzer analyzer) {
        throw new UnsupportedOperationException();
    }

    public interface Analyzer {
        void analyze(ImageProxy image);
    }

    public static final class Builder {
        public Builder() {}

        public Builder setBackpressureStrategy(int strategy) {
            throw new UnsupportedOperationException();
        }

        public Builder setOutputImageFormat(int format) {
            throw new UnsupportedOperationException();
        }

        public ImageAnalysis build() {
            throw new UnsupportedOperationException();
        }
    }
}
