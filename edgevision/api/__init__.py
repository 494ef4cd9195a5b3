"""The public functions, which `import edgevision` offers lazily and the command line calls.

A function takes what its command's options say, under the same names, decides as the command does,
and returns a frozen value with the figures. What it has to say beside them is in the value's
`notes` and `warnings`, and is told at once to `notify`.
"""
