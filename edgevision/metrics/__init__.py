"""How right a model is, and how much two models differ: pure functions over arrays, no tasks."""
