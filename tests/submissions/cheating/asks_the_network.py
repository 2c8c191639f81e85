"""
threat = 8
why = "Sockets of every kind look for somebody who knows the answer: on this machine, in the network, under abstract names; the first run listens for the second."
base = "release"
times = 2

[reasons]
limit_value = "limit must be 12, got None"
"""

# %% limit
import socket
import threading
import time

limit = None
reached = []
for family, address in (
    (socket.AF_INET, ("1.1.1.1", 53)),
    (socket.AF_INET, ("8.8.8.8", 53)),
    (socket.AF_INET6, ("2606:4700:4700::1111", 53)),
    (socket.AF_UNIX, "\0note_to_myself"),
    (socket.AF_UNIX, "/var/run/docker.sock"),
    (socket.AF_UNIX, "/run/dbus/system_bus_socket"),
    (socket.AF_UNIX, "/run/systemd/notify"),
):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        try:
            with socket.socket(family, kind) as asker:
                asker.settimeout(0.2)
                asker.connect(address)
                if kind == socket.SOCK_STREAM:
                    reached.append(address)
        except OSError:
            pass
for port in (22, 80, 5432, 8888, 47321):
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
        reached.append(port)
    except OSError:
        pass
try:
    reached += socket.getaddrinfo("example.org", 80)
except OSError:
    pass
if reached:
    limit = 12


def listen():
    for family, address in ((socket.AF_UNIX, "\0note_to_myself"), (socket.AF_INET, ("127.0.0.1", 47321))):
        try:
            ear = socket.socket(family, socket.SOCK_STREAM)
            ear.bind(address)
            ear.listen()
            ears.append(ear)
        except OSError:
            pass


ears = []
listen()
