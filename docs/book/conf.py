"""How the course's site is built; `scripts/book` gathers the pages first, and `make book` calls it."""

project = "Kernelmark"
copyright = "Kernelmark contributors"
html_title = "Kernelmark: compute kernels, measured"
extensions = [
    "myst_nb",
    "sphinx-mathjax-offline",  # formulas are drawn by files of the site itself
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinxarg.ext",
]
autodoc_typehints = "none"  # the docstrings say what is meant
napoleon_use_ivar = True
autodoc_member_order = "bysource"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
# Released notebooks hold no answers, so running them would show errors and nothing else.
nb_execution_mode = "off"
html_theme = "furo"
html_show_sourcelink = False
# A notebook's own cell ids and its headings are what they are.
suppress_warnings = ["mystnb.unknown_mime_type", "myst.header", "misc.highlighting_failure"]
