package edgevision.core

import java.io.File
import java.nio.file.Files
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

class FolderTest {
    private val parent = Files.createTempDirectory("folder-test").toFile()

    @Test
    fun `a folder is found by its name`() = inParent {
        File(parent, "bench-0_a").mkdir()
        assertEquals(File(parent, "bench-0_a"), folderIn(parent, "bench-0_a"))
    }

    @Test
    fun `no name leads out of the parent`() = inParent {
        File(parent, "in/side").mkdirs()
        for (name in listOf("..", ".", "", "in/side", "../x", "/tmp", "a\u0000b", "in\n")) {
            refused("is no name of a folder", name)
        }
        refused("is no name of a folder", "x".repeat(65))
    }

    @Test
    fun `what is no folder is refused`() = inParent {
        File(parent, "file").writeText("")
        refused("there is no folder", "file")
        refused("there is no folder", "nothing")
    }

    private fun refused(because: String, name: String) {
        val error = assertFailsWith<CardException>(name) { folderIn(parent, name) }
        assertContains(error.message!!, because)
    }

    private fun inParent(test: () -> Unit) = try {
        test()
    } finally {
        parent.deleteRecursively()
    }
}
