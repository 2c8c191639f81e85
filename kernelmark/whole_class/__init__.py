"""Many submissions at once, and what staff see of them."""
