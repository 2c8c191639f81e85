"""Values between two processes of which one is not trusted: what crosses, how it is moved, what stands for the rest."""
