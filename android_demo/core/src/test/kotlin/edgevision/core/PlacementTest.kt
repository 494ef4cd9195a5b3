package edgevision.core

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue

class PlacementTest {
    @Test
    fun `a wide photo is letterboxed with bars above and below`() {
        val spot = place(640, 360, contract(224, 224, fit = Fit.LETTERBOX))
        assertEquals(Placement(0, 0, 640, 360, 0, 49, 224, 126), spot)
    }

    @Test
    fun `a crop keeps the middle`() {
        val crop = contract(224, 224, fit = Fit.CENTER_CROP, cropFraction = 0.875)
        assertEquals(Placement(110, 30, 420, 420, 0, 0, 224, 224), place(640, 480, crop))
    }

    @Test
    fun `a sliver of a photo keeps one pixel`() {
        val spot = place(8000, 1, contract(224, 224, fit = Fit.LETTERBOX))
        assertEquals(1, spot.height)
        assertEquals(1, place(1, 8000, contract(8, 224, fit = Fit.CENTER_CROP)).sourceWidth)
    }

    @Test
    fun `large photos do not overflow`() {
        for (fit in Fit.entries) {
            val spot = place(60000, 50000, contract(8192, 8000, fit = fit))
            assertTrue(spot.width in 1..8192 && spot.height in 1..8000, "$fit $spot")
            assertTrue(spot.sourceLeft >= 0 && spot.sourceTop >= 0, "$fit $spot")
        }
    }
}
