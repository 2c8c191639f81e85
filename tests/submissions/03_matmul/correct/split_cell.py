"""
why = "Split Cell in JupyterLab leaves two cells with the same grade id; both halves together are the answer."
base = "solution"

[surgery]
split = ["matmul_naive"]
"""
