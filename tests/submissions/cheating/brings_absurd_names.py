"""
threat = 20
why = "Names with line ends, options, quotes, other alphabets, no text at all and 255 bytes; a timestamp that is none."
base = "solution"

[marks]
limit_value = 0

[reasons]
limit_value = "got found"
"""

# %% limit
import os

limit = "found " + open("plain.txt").read() + str(os.path.exists("/etc/passwd"))

# %% surgery
import os

names = [
    *(b"--ro-bind", b"-", b"--", b"a\nb", b"--dev-bind", b"$(touch owned)", b"; touch owned", b"'\"\\", b"%s%n{}"),
    *(b"\xff\xfe", b"\x01\x1b[2J", "\u202egnp.exe".encode(), b"x" * 255, b" ", b"...", b"..x", b".bashrc", b".ipython"),
    *(b"<script>steal()<|script>", b"=cmd|calc", b"kernels.ipynb ", b"CON", b"*", b"[a-z]", b"?"),
]
for name in names:
    with open(os.path.join(os.fsencode(folder), name), "w") as file:
        file.write("here")
(folder / "plain.txt").write_text("plain")
(folder / "timestamp.txt").write_text("99999999999999999999 in the morning UTC\n")
deep = folder.joinpath(*["d" * 60] * 25)
deep.mkdir(parents=True, exist_ok=True)
(deep / "bottom.txt").write_text("here")
