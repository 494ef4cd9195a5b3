class _Any:
    def __getattr__(self, name): return _Any()
    def __call__(self, *a, **k): return _Any()
    def __hash__(self): return id(self)
def __getattr__(name): return _Any()
