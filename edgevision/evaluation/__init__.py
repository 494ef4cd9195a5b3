"""Evaluation of models on image sets: one of each, whatever the task (`edgevision.tasks`).

`collect` gathers answers, `evaluate` marks them, `compare` sets two models side by side, and
`document` is the JSON shape of all three.
"""
