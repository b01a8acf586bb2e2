def record(a,b): pass
