"""An assignment in the making: a course begun, a notebook validated, its tests audited, its speed lines calibrated."""
