"""
threat = 19
why = "Opens files, pipes and sockets until no descriptor is left, and keeps them open."
base = "solution"
"""

# %% + before=add
import os
import socket

kept = []
for start in (os.pipe, socket.socketpair, lambda: os.open("/dev/null", os.O_RDONLY)):
    try:
        for _ in range(3000):
            kept.append(start())
    except OSError:
        pass
