package com.edgevision.demo

import android.app.ActivityManager
import android.content.Context
import android.os.Build
import edgevision.core.HostFacts

/** This phone, as the toolchain's results describe a machine. */
fun deviceFacts(context: Context): HostFacts {
    val memory = ActivityManager.MemoryInfo()
    (context.getSystemService(Context.ACTIVITY_SERVICE) as ActivityManager).getMemoryInfo(memory)
    return HostFacts(
        machine = "${Build.MANUFACTURER} ${Build.MODEL}",
        cpu = "${Build.HARDWARE} ${Build.BOARD}",
        architecture = Build.SUPPORTED_ABIS.firstOrNull().orEmpty(),
        usableCpus = Runtime.getRuntime().availableProcessors(),
        os = "Android ${Build.VERSION.RELEASE} (API ${Build.VERSION.SDK_INT})",
        kernel = System.getProperty("os.version").orEmpty(),
        memoryBytes = memory.totalMem,
        isEmulator = Build.HARDWARE == "ranchu" || Build.HARDWARE == "goldfish",
    )
}
