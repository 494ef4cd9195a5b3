"""What callers hand in, in the several forms they have it in, as the one that the rest takes."""
