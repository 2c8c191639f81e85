"""A student in a terminal: how far each assignment is, its visible tests, and a package of what was solved."""
