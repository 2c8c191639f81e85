"""Commands of their own rooms: what each asks for, and what it prints; `__main__` puts them into the parser."""
