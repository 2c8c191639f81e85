"""How fast: pairs of measurements, the verdict on them, the clock read from outside, the lock and the picture."""
