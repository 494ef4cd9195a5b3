plugins {
    // From AGP 9 on Kotlin is built in: no kotlin-android plugin.
    alias(libs.plugins.android.application)
}

android {
    namespace = "com.edgevision.demo"
    compileSdk = libs.versions.compileSdk.get().toInt()

    defaultConfig {
        applicationId = "com.edgevision.demo"
        minSdk = libs.versions.minSdk.get().toInt()
        targetSdk = libs.versions.targetSdk.get().toInt()
        versionCode = 1
        versionName = "1.0"
    }

    buildTypes {
        release {
            isMinifyEnabled = true
            isShrinkResources = true
            proguardFiles(
                getDefaultProguardFile("proguard-android-optimize.txt"),
                "proguard-rules.pro",
            )
        }
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_11
        targetCompatibility = JavaVersion.VERSION_11
    }

    androidResources {
        // LiteRT maps the model into memory as it lies in the APK.
        noCompress += "tflite"
    }

    packaging {
        jniLibs {
            // Uncompressed and aligned: loaded straight from the APK, also with 16 KB pages.
            useLegacyPackaging = false
        }
    }
}

dependencies {
    implementation(project(":core"))
    implementation(libs.androidx.activity)
    implementation(libs.camera.core)
    implementation(libs.camera.camera2)
    implementation(libs.camera.lifecycle)
    implementation(libs.camera.view)
    implementation(libs.litert)
    // Since 2.3.0 the GPU is an artifact of its own; without it the GPU is refused.
    implementation(libs.litert.gpu)
}
