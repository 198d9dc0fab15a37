#!/usr/bin/env python3
"""trees.py - random trees, what happens to them, and whether two are the same

usage: trees.py make SEED FOLDER          fill an empty folder
       trees.py change SEED FOLDER        change it: as a container would
       trees.py same FOLDER FOLDER        exit status 1, and what differs, unless they are the same
"""
import os
import random
import shutil
import socket
import stat
import struct
import subprocess
import sys

CAP = bytes.fromhex("0100000200040000000000000000000000000000")  # cap_net_raw+ep
ACL = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", *x)
    for x in [(1, 7, 0xFFFFFFFF), (2, 5, 1000), (4, 5, 0xFFFFFFFF), (16, 5, 0xFFFFFFFF), (32, 4, 0xFFFFFFFF)]
)
MOST = 400


class Tree:
    def __init__(self, seed, root):
        self.r = random.Random(seed)
        self.root = root

    def all(self, want):
        found = []
        for at, dirs, files in os.walk(self.root):
            for name in sorted(dirs) + sorted(files):
                path = os.path.join(at, name)
                if want(os.lstat(path).st_mode):
                    found.append(path)
            dirs.sort()
        return sorted(found)

    def pick(self, want=lambda mode: True):
        found = self.all(want)
        return self.r.choice(found) if found else None

    def folder(self):
        return self.r.choice([self.root] + self.all(stat.S_ISDIR))

    def fresh(self):
        name = self.r.choice(["f", "dir", ".hidden", "\u00fcml\u00e4ut", "with space", "new\nline", "wh.x", "a\\b", "%s", "-"])
        name += str(self.r.randrange(60))
        if self.r.random() < 0.1:
            name += "n" * self.r.randrange(80, 180)
        path = os.path.join(self.folder(), name)
        return None if os.path.lexists(path) or len(path) > 3000 else path

    def bytes(self):
        n = self.r.choice([0, 1, 511, 512, 513, 4096, 70000])
        return self.r.randbytes(n)

    def dress(self, path):
        """owner, mode, time, attributes"""
        link = os.path.islink(path)
        if self.r.random() < 0.5:
            os.chown(path, self.r.choice([0, 1000, 3000000000]), self.r.choice([0, 5, 2097152]), follow_symlinks=False)
        if not link:
            os.chmod(path, self.r.choice([0o644, 0o600, 0o755, 0o4755, 0o2755, 0o1777, 0o0, 0o444]))
        if not link and self.r.random() < 0.2 and (os.path.isfile(path) or os.path.isdir(path)):
            os.setxattr(path, "user.x" + str(self.r.randrange(3)), self.r.randbytes(self.r.randrange(40)) + b"=\n\0")
        if self.r.random() < 0.1 and os.path.isfile(path) and not link:
            os.setxattr(path, "security.capability", CAP)
        if self.r.random() < 0.1 and not link and (os.path.isfile(path) or os.path.isdir(path)):
            os.setxattr(path, "system.posix_acl_access", ACL)
        if self.r.random() < 0.1 and os.path.isdir(path) and not link:
            os.setxattr(path, "system.posix_acl_default", ACL)
        self.date(path)

    def date(self, path):
        when = self.r.choice([0, 1, -1, 5 * 10**8, -15 * 10**8, 10**18 + 123456789, 17 * 10**17, 2**33 * 10**9 + 7])
        os.utime(path, ns=(10**18, when + self.r.randrange(2)), follow_symlinks=False)

    # --- what can happen; each may find nothing to do

    def new_file(self):
        if path := self.fresh():
            with open(path, "wb") as f:
                f.write(self.bytes())
            self.dress(path)

    def new_sparse(self):
        if path := self.fresh():
            with open(path, "wb") as f:
                f.truncate(self.r.choice([100000, 5 << 20]))
                if self.r.random() < 0.7:
                    f.seek(self.r.randrange(1 << 20))
                    f.write(self.bytes())
            self.dress(path)

    def new_folder(self):
        if path := self.fresh():
            os.mkdir(path)
            self.dress(path)

    def new_link(self):
        if path := self.fresh():
            os.symlink(self.r.choice(["/etc/passwd", "..", "x" * 150, "dangling", "a\nb"]), path)
            self.dress(path)

    def new_name(self):
        old = self.pick(lambda mode: not stat.S_ISDIR(mode) and not stat.S_ISSOCK(mode))
        path = self.fresh()
        if old and path:
            os.link(old, path, follow_symlinks=False)

    def new_node(self):
        if path := self.fresh():
            kind = self.r.choice([stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO])
            os.mknod(path, 0o600 | kind, 0 if kind == stat.S_IFIFO else os.makedev(self.r.choice([1, 250]), self.r.choice([3, 70000])))
            self.dress(path)

    def new_socket(self):
        if path := self.fresh():
            here = os.getcwd()
            os.chdir(os.path.dirname(path))
            try:
                socket.socket(socket.AF_UNIX).bind("sock" + str(self.r.randrange(9)))
            except OSError:
                pass
            os.chdir(here)

    def delete(self):
        if path := self.pick():
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                os.unlink(path)

    def folder_to_file(self):
        if path := self.pick(stat.S_ISDIR):
            shutil.rmtree(path)
            with open(path, "wb") as f:
                f.write(self.bytes())

    def file_to_folder(self):
        if path := self.pick(lambda mode: not stat.S_ISDIR(mode)):
            os.unlink(path)
            os.mkdir(path)
            self.root, kept = path, self.root
            self.new_file()
            self.root = kept

    def anew(self):
        """a folder is removed and made again: opaque, where that is an overlay's"""
        if path := self.pick(stat.S_ISDIR):
            names = sorted(os.listdir(path))
            shutil.rmtree(path)
            os.mkdir(path)
            for name in names[::2]:
                with open(os.path.join(path, name), "wb") as f:
                    f.write(self.bytes())
            self.dress(path)

    def write(self):
        if path := self.pick(stat.S_ISREG):
            with open(path, "ab") as f:
                f.write(b"more")

    def write_unseen(self):
        """other bytes, the same length, the same time"""
        if path := self.pick(stat.S_ISREG):
            st = os.stat(path)
            with open(path, "r+b") as f:
                first = f.read(1)
                f.seek(0)
                f.write(bytes([first[0] ^ 1]) if first else b"")
            os.utime(path, ns=(st.st_atime_ns, st.st_mtime_ns))

    def redress(self):
        if path := self.pick(lambda mode: not stat.S_ISSOCK(mode)):
            self.dress(path)

    def undress(self):
        if path := self.pick(lambda mode: stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            for name in os.listxattr(path):
                if not name.startswith("trusted."):
                    os.removexattr(path, name)

    def touch(self):
        if path := self.pick():
            self.date(path)

    def rename(self):
        old, path = self.pick(), self.fresh()
        if old and path and not path.startswith(old + "/"):
            subprocess.run(["mv", "--", old, path], check=True)

    def split(self):
        """a name of a file of several becomes a file of its own, which looks the same"""
        for path in self.all(stat.S_ISREG):
            if os.stat(path).st_nlink > 1:
                shutil.copy2(path, path + ".tmp")
                st = os.stat(path)
                os.chown(path + ".tmp", st.st_uid, st.st_gid)
                os.chmod(path + ".tmp", stat.S_IMODE(st.st_mode))
                os.utime(path + ".tmp", ns=(st.st_atime_ns, st.st_mtime_ns))
                os.rename(path + ".tmp", path)
                return

    def join(self):
        """two files of the same content become one"""
        old, path = self.pick(stat.S_ISREG), self.pick(stat.S_ISREG)
        if old and old != path:
            os.unlink(path)
            os.link(old, path)


MAKE = ["new_file"] * 6 + ["new_folder"] * 4 + ["new_sparse", "new_link", "new_name", "new_name", "new_node"]
CHANGE = MAKE + ["delete", "delete", "delete", "folder_to_file", "file_to_folder", "anew", "write", "write", "write_unseen"]
CHANGE += ["redress", "redress", "undress", "touch", "rename", "rename", "split", "join", "new_socket"]


def say(path):
    st = os.lstat(path)
    kind = stat.S_IFMT(st.st_mode)
    what = {"mode": oct(st.st_mode), "owner": (st.st_uid, st.st_gid), "time": st.st_mtime_ns}
    if kind == stat.S_IFREG:
        with open(path, "rb") as f:
            what["size"], what["content"] = st.st_size, hash(f.read())
    if kind == stat.S_IFLNK:
        what["target"] = os.readlink(path)
    if kind in (stat.S_IFCHR, stat.S_IFBLK):
        what["rdev"] = st.st_rdev
    what["xattrs"] = {
        a: os.getxattr(path, a, follow_symlinks=False)
        for a in sorted(os.listxattr(path, follow_symlinks=False))
        if ".overlay." not in a
    }
    return what


def listing(root):
    """every name, and the first name of its inode"""
    found, first = {".": say(root)}, {}
    for at, dirs, files in os.walk(root):
        dirs.sort()
        for name in dirs + files:
            path = os.path.join(at, name)
            if not stat.S_ISSOCK(os.lstat(path).st_mode):
                found[os.path.relpath(path, root)] = say(path)
    for name in sorted(found):
        st = os.lstat(os.path.join(root, name))
        if not stat.S_ISDIR(st.st_mode):
            found[name]["first"] = first.setdefault((st.st_dev, st.st_ino), name)
    return found


def same(a, b):
    a, b, status = listing(a), listing(b), 0
    for name in sorted(set(a) | set(b)):
        x, y = a.get(name), b.get(name)
        if x is None or y is None:
            print(repr(name), "is only in the", "second" if x is None else "first")
            status = 1
        else:
            for key in sorted(set(x) | set(y)):
                if x.get(key) != y.get(key):
                    print(repr(name), key, x.get(key), y.get(key))
                    status = 1
    return status


def main():
    verb = sys.argv[1]
    if verb == "same":
        return same(sys.argv[2], sys.argv[3])
    t = Tree(int(sys.argv[2]) * 2 + (verb == "change"), sys.argv[3])
    ops = MAKE if verb == "make" else CHANGE
    for _ in range(t.r.randrange(5, 60)):
        if len(t.all(lambda mode: True)) < MOST:
            getattr(t, t.r.choice(ops))()
    if verb == "make" or t.r.random() < 0.5:
        t.dress(t.root)
        os.chmod(t.root, 0o755)
    return 0


sys.exit(main())
