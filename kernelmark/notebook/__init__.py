"""What was handed in, made plain: its folder, its cells, the plan of what is graded, its text as safe HTML."""
