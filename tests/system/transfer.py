#!/usr/bin/env python3
"""transfer.py - bytes from one network namespace to another, and how long that takes

usage: transfer.py FROM TO ADDRESS BYTES             milliseconds until BYTES have arrived
       transfer.py FROM TO ADDRESS BYTES FILE...     several senders at once, until the first has
                                                     BYTES through: what has arrived of each

FROM and TO are files of namespaces. Each FILE is a cgroup's (cgroup.procs or tasks), to which its
sender's process goes first. Nothing waits longer than a minute and a half.
"""
import ctypes
import os
import select
import signal
import socket
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000


def enter(namespace):
    with open(namespace) as f:
        if libc.setns(f.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns", namespace)


def send(namespace, address, group):
    """In a process of its own: sends, once it is told to, until it is killed."""
    if group:
        with open(group, "w") as f:
            f.write("0")
    enter(namespace)
    with socket.create_connection(address, timeout=60) as s:
        s.recv(1)
        while True:
            s.sendall(bytes(16384))


def fork_sender(*arguments):
    pid = os.fork()
    if pid == 0:
        try:
            send(*arguments)
        finally:
            os._exit(1)
    return pid


def accept(listener):
    connection = listener.accept()[0]
    connection.settimeout(60)
    return connection


def main():
    source, target, host, amount = sys.argv[1:4] + [int(sys.argv[4])]
    groups = sys.argv[5:] or [None]
    signal.alarm(90)
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    enter(target)
    # one for each sender, as what is connected does not say from which group it is
    listeners = []
    for _ in groups:
        listener = socket.create_server((host, 0))
        listener.settimeout(60)
        listeners.append(listener)
    libc.setns(home, CLONE_NEWNET)
    senders = []
    try:
        for group, listener in zip(groups, listeners):
            senders.append(fork_sender(source, listener.getsockname(), group))
        streams = [accept(listener) for listener in listeners]
        start = time.monotonic()
        for stream in streams:
            stream.sendall(b"!")
        got = [0] * len(streams)
        while max(got) < amount:
            ready, _, _ = select.select(streams, [], [], 60)
            if not ready:
                sys.exit("nothing arrives")
            for stream in ready:
                n = len(stream.recv(65536))
                if n == 0:
                    sys.exit("a sender has ended")
                got[streams.index(stream)] += n
        took = time.monotonic() - start
    finally:
        for sender in senders:
            os.kill(sender, signal.SIGKILL)
            os.waitpid(sender, 0)
    if len(sys.argv) > 5:
        print(*got)
    else:
        print(int(took * 1000))


main()
