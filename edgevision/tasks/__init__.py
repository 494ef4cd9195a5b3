"""What a model's outputs mean: decoding, truth, metrics, agreement, loss and drawing, by task.

`task.Task` is the protocol, `registry` finds tasks by name, `resolve` chooses one for a model.
"""
