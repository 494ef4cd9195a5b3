package edgevision.core

import java.io.File

/**
 * The folder called `name` directly in `parent`.
 *
 * The name comes from whoever started the screen, so it is a plain one: no path leads out.
 * Raises [CardException] with a message for the screen when it is not, or no such folder is there.
 */
fun folderIn(parent: File, name: String): File {
    val folder = File(parent, name)
    if (!PLAIN_NAME.matches(name)) throw CardException("\"$name\" is no name of a folder")
    if (!folder.isDirectory) throw CardException("there is no folder \"$name\"")
    return folder
}

private val PLAIN_NAME = Regex("[A-Za-z0-9_-]{1,64}")
