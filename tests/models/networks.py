def all_cases(*a): return []
