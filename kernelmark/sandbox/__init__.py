"""One contained process and the line to it: its start, its limits, what runs in it, and its end."""
