"""The result of a benchmark: a document, tables, comparisons, budgets."""
