#!/usr/bin/env python3
"""screen.py - drives a program with a screen: waits for a text, presses keys, waits for the next

usage: screen.py PROGRAM WORD... -- TEXT [KEYS TEXT]...

The first TEXT is waited for, then each KEYS are sent and the TEXT behind them is waited for; an empty
TEXT waits for the program's end. What is waited for is looked for in all that was drawn since the keys.
"""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

PATIENCE = 30 * int(os.environ.get("TARE_PATIENCE", "1"))


def wait_for(fd, text):
    seen = b""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        ready, _, _ = select.select([fd], [], [], 0.2)
        if not ready:
            continue
        try:
            got = os.read(fd, 65536)
        except OSError:
            got = b""
        if not got:
            return text == ""
        seen += got
        if text and text.encode() in seen:
            return True
    print(f"screen.py: '{text}' did not come; what came: {seen!r}", file=sys.stderr)
    return False


def main():
    divide = sys.argv.index("--")
    program, script = sys.argv[1:divide], sys.argv[divide + 1:]
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="vt100", LC_ALL="C.UTF-8")
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 160, 0, 0))
        os.execv(program[0], program)
    ok = wait_for(fd, script[0])
    for keys, text in zip(script[1::2], script[2::2]):
        if not ok:
            os.kill(pid, 9)
            break
        os.write(fd, keys.encode())
        ok = wait_for(fd, text)
    status = os.waitpid(pid, 0)[1]
    sys.exit(0 if ok and status == 0 else 1)


main()
