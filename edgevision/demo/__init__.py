"""The main job from end to end on real data that pip brings: handwritten digits."""
