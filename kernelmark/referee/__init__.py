"""One notebook graded: which cell runs where, what a test finds, and what a failure costs."""
