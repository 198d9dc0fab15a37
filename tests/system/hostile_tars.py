#!/usr/bin/python3
"""hostile_tars.py - archives that try to get out of the folder that they are unpacked in

usage: hostile_tars.py FOLDER CANARY

Writes FOLDER/NNN.tar (and NNN.lower.tar, which is unpacked before it) and FOLDER/index: a line for
each archive, of tabs between number, modes, what is to become of it ("refused" or "contained") and
a description. CANARY is a folder of the host that none of them may reach.

Most come of a table: what an entry is x how its name or target leads out x where in the archive
that stands.
"""
import io
import os
import sys
import tarfile

out, canary = sys.argv[1:]
os.makedirs(out, exist_ok=True)
index = []
UP = "../" * 20
AT = canary.lstrip("/")  # below the root, which is how absolute names are meant


class Entry(tarfile.TarInfo):
    """with its content"""


def entry(name, kind=tarfile.REGTYPE, link="", data=b"", **more):
    t = Entry(name)
    t.type = kind
    t.linkname = link
    t.size = len(data)
    t.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
    t.mtime = 1000000000
    for key, value in more.items():
        setattr(t, key, value)
    t.data = data
    return t


def pack(entries, form=tarfile.GNU_FORMAT):
    b = io.BytesIO()
    with tarfile.open(fileobj=b, mode="w", format=form) as tar:
        for t in entries:
            if form == tarfile.PAX_FORMAT:
                # they count, whatever the header itself says
                t.pax_headers = {"path": t.name}
                if t.linkname:
                    t.pax_headers["linkpath"] = t.linkname
            tar.addfile(t, io.BytesIO(t.data))
            t.pax_headers = {}
    return b.getvalue()


def add(what, want, upper, lower=None, modes="overlay apply root members",
        form=tarfile.GNU_FORMAT):
    name = "%03d" % len(index)
    for end, content in ((".tar", upper), (".lower.tar", lower)):
        if content is None:
            continue
        with open(os.path.join(out, name + end), "wb") as f:
            f.write(content if isinstance(content, bytes) else pack(content, form))
    index.append("\t".join((name, modes, want, what)))


def folders(path):
    parts = path.split("/")
    return [entry("/".join(parts[:i + 1]) + "/", tarfile.DIRTYPE) for i in range(len(parts))]


KINDS = {
    "file": dict(kind=tarfile.REGTYPE, data=b"hostile\n"),
    "folder": dict(kind=tarfile.DIRTYPE),
    "link": dict(kind=tarfile.SYMTYPE, link="x"),
    "hard link": dict(kind=tarfile.LNKTYPE, link="good"),
    "device": dict(kind=tarfile.CHRTYPE, devmajor=1, devminor=3),
    "disk": dict(kind=tarfile.BLKTYPE, devmajor=7, devminor=0),
    "FIFO": dict(kind=tarfile.FIFOTYPE),
}
SPECIAL = ("device", "disk", "FIFO")
GOOD = [entry("good", data=b"good\n"), entry("d/", tarfile.DIRTYPE), entry("d/f", data=b"f\n")]

# where the hostile entries stand, and in which way their names are written
PLACES = {
    "alone": lambda bad: dict(upper=GOOD[:1] + bad),
    "behind others": lambda bad: dict(upper=GOOD + bad),
    "pax": lambda bad: dict(upper=GOOD + bad, form=tarfile.PAX_FORMAT),
    "long name": lambda bad: dict(upper=GOOD + [entry("n" * 200, data=b"")] + bad),
}


def each_place(what, want, bad, modes, lower=None):
    for place, make in PLACES.items():
        args = make(bad)
        if lower is not None:
            args["lower"] = lower
        add(what + ", " + place, want, modes=modes, **args)


for kind, more in KINDS.items():
    modes = "overlay root" if kind in SPECIAL else "overlay root members"
    both = modes + " apply"

    def one(name):
        return [entry(name, **more)]

    each_place(kind + ": ../", "refused", one("../" + AT + "/x"), both)
    each_place(kind + ": a/../../", "refused", one("a/../../" + AT + "/x"), both)
    each_place(kind + ": absolute", "contained", one(canary + "/file"), both)
    each_place(kind + ": /../", "refused", one("/../" + AT + "/file"), both)
    for way, target in (("absolute", canary), ("climbing", UP + AT)):
        plant = [entry("l", tarfile.SYMTYPE, target)]
        # the link leads to a folder that is not below the root
        each_place(f"{kind}: below an {way} link", "refused", plant + one("l/x"), both)
        each_place(f"{kind}: below an {way} link, replacing", "refused", plant + one("l/file"), both)
        # what replaces the link must not go through it
        each_place(f"{kind}: over an {way} link to a folder", "contained",
                   plant + one("l"), modes.replace("members", ""))
        each_place(f"{kind}: over an {way} link to a file", "contained",
                   [entry("l", tarfile.SYMTYPE, target + "/file")] + one("l"),
                   modes.replace("members", ""))
        # a lower layer has planted the link
        each_place(f"{kind}: below an {way} link of a lower layer", "refused", one("l/x"), "apply",
                   lower=GOOD + plant)
        each_place(f"{kind}: over an {way} link of a lower layer", "contained", one("l"), "apply",
                   lower=GOOD + plant)
        # the same folder is below the root, too, and that is the one that the link means
        inner = folders(AT)
        if way == "absolute":
            each_place(f"{kind}: below an {way} link, within", "contained", inner + plant + one("l/x"),
                       modes.replace("members", ""))
            add(f"{kind}: below an {way} link of a lower layer, within", "contained", one("l/file"),
                lower=GOOD + inner + plant, modes="apply")
    # a folder is replaced by a link, then used
    each_place(kind + ": below a link that was a folder", "refused",
               [entry("e/", tarfile.DIRTYPE), entry("e/y", data=b"y"),
                entry("e", tarfile.SYMTYPE, canary)] + one("e/x"), both)

# the type of what is replaced: folder, file, link
for kind, more in KINDS.items():
    modes = "overlay apply root" + ("" if kind in SPECIAL else " members")
    for was, first in (("folder", [entry("t/", tarfile.DIRTYPE), entry("t/in", data=b"in")]),
                       ("file", [entry("t", data=b"long before\n" * 99)]),
                       ("link", [entry("t", tarfile.SYMTYPE, "good")]),
                       ("hard link", [entry("t", tarfile.LNKTYPE, "good")])):
        add(f"{kind} over a {was}", "contained", GOOD + first + [entry("t", **more)], modes=modes)

# hard links
for what, want, link in (
        ("absolute", "refused", canary + "/file"), ("climbing", "refused", UP + AT + "/file"),
        ("a/../../", "refused", "a/../../" + AT + "/file"), ("the root", "refused", "."),
        ("nothing", "refused", "nothing"), ("itself", "refused", "h"), ("a folder", "refused", "d"),
        ("/proc/1/root", "refused", "/proc/1/root" + canary + "/file")):
    each_place("hard link to " + what, want, [entry("h", tarfile.LNKTYPE, link)],
               "overlay apply root members")
for way, target in (("absolute", canary + "/file"), ("climbing", UP + AT + "/file")):
    each_place(f"hard link to an {way} link, then written", "contained",
               [entry("s", tarfile.SYMTYPE, target), entry("h", tarfile.LNKTYPE, "s"),
                entry("h", data=b"hostile\n")], "overlay apply root")
    each_place(f"hard link below an {way} link", "refused",
               [entry("s", tarfile.SYMTYPE, os.path.dirname(target)),
                entry("h", tarfile.LNKTYPE, "s/file")], "overlay apply root members")
    add(f"hard link to an {way} link of a lower layer, then written", "contained",
        [entry("h", tarfile.LNKTYPE, "s"), entry("h", data=b"hostile\n")],
        lower=GOOD + [entry("s", tarfile.SYMTYPE, target)], modes="apply")
    # in an outer archive no link may lead out, wherever it is used
    add(f"members: an {way} link", "refused", GOOD + [entry("s", tarfile.SYMTYPE, target)],
        modes="members")
add("members: a link that climbs from below", "refused",
    GOOD + [entry("d/s", tarfile.SYMTYPE, "../../x")], modes="members")
add("members: a link within", "contained", GOOD + [entry("d/s", tarfile.SYMTYPE, "../good")],
    modes="members")
for kind in SPECIAL:
    add("members: a " + kind, "refused", GOOD + [entry("n", **KINDS[kind])], modes="members")

# links that go round
add("a link to itself", "refused", GOOD + [entry("s", tarfile.SYMTYPE, "s"), entry("s/x")])
add("links in a circle", "refused",
    GOOD + [entry("s", tarfile.SYMTYPE, "t"), entry("t", tarfile.SYMTYPE, "s"), entry("s/x")])
add("a link to its folder", "contained",
    GOOD + [entry("d/s", tarfile.SYMTYPE, "."), entry("d/s/s/s/x", data=b"x")])
add("a link to the root", "contained",
    GOOD + [entry("d/s", tarfile.SYMTYPE, "/"), entry("d/s/x", data=b"x")],
    modes="overlay apply root")
add("a folder goes while a link leads through it", "contained",
    GOOD + [entry("d/s", tarfile.SYMTYPE, "/"), entry("d/s/d", data=b"a file now"),
            entry("good2", data=b"x")], modes="overlay apply root")
add("a file for a folder", "refused", GOOD + [entry("good/x", data=b"x")])

# whiteouts
for name, want in ((".wh...", "refused"), (".wh.", "refused"), (".wh..", "refused"),
                   ("d/.wh...", "refused"), ("d/.wh..", "refused"), ("d/.wh.", "refused"),
                   ("../.wh.canary", "refused"), ("d/../../.wh.canary", "refused"),
                   ("../.wh..wh..opq", "refused"), (".wh.d/x", "refused"),
                   (canary + "/.wh.file", "contained"), (canary + "/.wh..wh..opq", "contained"),
                   (".wh.nothing", "contained"), (".wh..wh.aufs", "contained"),
                   (".wh..wh.plnk/1", "contained"), (".wh.d", "contained"),
                   ("d/.wh..wh..opq", "contained"), (".wh..wh..opq", "contained")):
    each_place("whiteout " + name, want, [entry(name)], "overlay apply", lower=None)
    add("whiteout " + name + ", of a lower layer", want, [entry(name)], lower=GOOD, modes="apply")
for way, target in (("absolute", canary), ("climbing", UP + AT)):
    for name in ("l/.wh.file", "l/.wh..wh..opq"):
        add(f"whiteout {name} below an {way} link of a lower layer", "contained", [entry(name)],
            lower=GOOD + [entry("l", tarfile.SYMTYPE, target)], modes="apply")
        add(f"whiteout {name} below an {way} link", "refused",
            [entry("l", tarfile.SYMTYPE, target), entry(name)], modes="overlay")
    inner = folders(AT) + [entry(AT + "/file")]
    for name in ("l/.wh.file", "l/.wh..wh..opq"):
        add(f"whiteout {name} below an {way} link of a lower layer, within", "contained",
            [entry(name)], lower=inner + [entry("l", tarfile.SYMTYPE, target)], modes="apply")
    add(f"whiteout of an {way} link of a lower layer", "contained", [entry(".wh.l")],
        lower=GOOD + [entry("l", tarfile.SYMTYPE, target)], modes="apply")
    add(f"opaque folder with an {way} link of a lower layer", "contained", [entry(".wh..wh..opq")],
        lower=GOOD + [entry("l", tarfile.SYMTYPE, target)], modes="apply")

# names
for what, name in (("control bytes", "a\x01\x1b[31m\x7f"), ("a line", "a\nb"), ("a tab", "a\tb"),
                   ("right to left", "a‮txt.exe"), ("fullwidth dots", "．．/x"),
                   ("three dots", ".../x"), ("blanks", " / "), ("a backslash", "..\\..\\x"),
                   ("a drive", "C:/x"), ("percent", "%2e%2e/x"), ("a tilde", "~root/x"),
                   ("a dash", "-rf"), ("bytes", "a\udcff\udcfe")):
    add("a name with " + what, "contained", GOOD + [entry(name, data=b"x")])
add("a name of 256 bytes", "refused", GOOD + [entry("n" * 256)])
add("a name of 4096 bytes", "refused", GOOD + [entry("/".join(["n" * 200] * 21))])
add("600 folders deep", "refused", GOOD + [entry("d/" * 600 + "f")])
add("a link of 5000 bytes", "refused", GOOD + [entry("s", tarfile.SYMTYPE, "x" * 5000)])
add("the root is a file", "refused", [entry(".", data=b"x")])
add("the root is a link", "refused", [entry("./", tarfile.SYMTYPE, canary)])
add("the root is a link by ..", "refused", [entry("d/..", tarfile.SYMTYPE, canary)])
add("an empty name", "refused", [entry("")])
add("an empty link", "refused", [entry("s", tarfile.SYMTYPE, "")])


def header(name=b"x", size=b"00000000000\0", kind=b"0", magic=b"ustar\x0000", more=()):
    h = bytearray(512)
    h[0:len(name)] = name
    h[100:108], h[108:116], h[116:124] = b"0000644\0", b"0000000\0", b"0000000\0"
    h[124:124 + len(size)] = size
    h[136:148] = b"00000000000\0"
    h[156:157] = kind
    h[257:265] = magic
    for at, data in more:
        h[at:at + len(data)] = data
    h[148:156] = b" " * 8
    h[148:156] = b"%06o\0 " % sum(h)
    return bytes(h)


def block(data):
    return data + b"\0" * (-len(data) % 512)


def pax(*records):
    body = b""
    for key, value in records:
        rest = b" " + key + b"=" + value + b"\n"
        n = len(rest) + 1
        while len(str(n)) + len(rest) != n:
            n = len(str(n)) + len(rest)
        body += str(n).encode() + rest
    return header(b"pax", b"%011o\0" % len(body), b"x") + block(body)


END = b"\0" * 1024

# pax headers
for what, want, records in (
        ("a NUL in a name", "refused", [(b"path", b"a\0b")]),
        ("a NUL in a link", "refused", [(b"linkpath", b"a\0b")]),
        ("a climbing name", "refused", [(b"path", b"../x")]),
        ("a size of words", "refused", [(b"size", b"many")]),
        ("a negative size", "refused", [(b"size", b"-1")]),
        ("a huge size", "refused", [(b"size", b"9223372036854775807")]),
        ("a size beyond 64 bits", "refused", [(b"size", b"99999999999999999999")]),
        ("nobody's uid", "refused", [(b"uid", b"4294967295")]),
        ("a uid beyond 32 bits", "refused", [(b"uid", b"4294967296")]),
        ("a time of words", "refused", [(b"mtime", b"now")]),
        ("a time beyond time", "contained", [(b"mtime", b"9223372036854775.5")]),
        ("a time before time", "contained", [(b"mtime", b"-99999999999.999999999")]),
        ("a foreign attribute", "contained", [(b"SCHILY.xattr.trusted.overlay.redirect", b"/x")]),
        ("an attribute of overlay's", "contained", [(b"SCHILY.xattr.user.overlay.opaque", b"y")]),
        ("an attribute without a name", "refused", [(b"SCHILY.xattr.", b"y")]),
        ("no key", "refused", [(b"", b"y")]),
        ("an unknown key", "contained", [(b"VENDOR.key", b"y")])):
    add("pax: " + what, want, pax(*records) + header() + END)
for what, body in (("no length", b"path=x\n"), ("a short record", b"5 a=b\n"),
                   ("a long record", b"99 path=x\n"), ("no equals", b"10 pathxy\n"),
                   ("no line end", b"10 path=xy"), ("a length of 0", b"0 path=x\n"),
                   ("a length beyond 64 bits", b"99999999999999999999 path=x\n")):
    add("pax: " + what, "refused",
        header(b"pax", b"%011o\0" % len(body), b"x") + block(body) + header() + END)
add("pax: a header of 2 MiB", "refused",
    header(b"pax", b"%011o\0" % (2 << 20), b"x") + b"\0" * (2 << 20) + header() + END)
add("pax: a header without an entry", "refused", pax((b"path", b"x")) + END)
add("pax: headers without end", "refused", pax((b"path", b"x")) * 99 + header() + END)
add("pax: 1000 attributes", "refused",
    pax(*[(b"SCHILY.xattr.user.a%d" % i, b"x") for i in range(1000)]) + header() + END)
add("pax: an attribute of 300 KB", "refused",
    pax((b"SCHILY.xattr.user.a", b"x" * 300000)) + header() + END)
add("a global header that renames", "contained",
    header(b"pax", b"%011o\0" % 13, b"g") + block(b"13 path=../x\n") + header() + END)
add("a long name of 2 MiB", "refused",
    header(b"L", b"%011o\0" % (2 << 20), b"L") + b"n" * (2 << 20) + header() + END)

# numbers
for what, want, size in (("negative", "refused", b"\xff" * 12), ("of letters", "refused", b"abcdefgh"),
                         ("huge", "refused", b"\x80" + b"\x7f" * 11), ("8 and 9", "refused", b"8999999"),
                         ("empty", "contained", b"\0" * 12)):
    add("a size that is " + what, want, header(size=size) + END)
add("a device beyond numbers", "refused",
    header(kind=b"3", more=[(329, b"7777777\0"), (337, b"7777777\0")]) + END)
for kind in b"8", b"A", b"D", b"M", b"V", b"Z", b"\xff":
    add("an entry of type %r" % kind, "refused", header(kind=kind) + END)
add("a folder with a size", "contained", header(b"d", b"00000001000\0", b"5") + header(b"y") + END)

# sparse files
for what, want, records, body in (
        ("a map beyond the file", "refused",
         [(b"GNU.sparse.size", b"10"), (b"GNU.sparse.map", b"0,512")], b"x" * 512),
        ("a map that overlaps", "refused",
         [(b"GNU.sparse.size", b"1024"), (b"GNU.sparse.map", b"0,256,100,256")], b"x" * 512),
        ("a map that goes back", "refused",
         [(b"GNU.sparse.size", b"1024"), (b"GNU.sparse.map", b"512,256,0,256")], b"x" * 512),
        ("a map of less than is stored", "refused",
         [(b"GNU.sparse.size", b"1024"), (b"GNU.sparse.map", b"0,100")], b"x" * 512),
        ("a map of words", "refused",
         [(b"GNU.sparse.size", b"1024"), (b"GNU.sparse.map", b"a,b")], b"x" * 512),
        ("no size", "refused", [(b"GNU.sparse.map", b"0,512")], b"x" * 512),
        ("a version of the future", "refused",
         [(b"GNU.sparse.major", b"2"), (b"GNU.sparse.realsize", b"9")], b"x" * 512),
        ("a map of 2^40 regions", "refused",
         [(b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"),
          (b"GNU.sparse.realsize", b"9")], block(b"1099511627776\n0\n1\n")),
        ("a map without end", "refused",
         [(b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"),
          (b"GNU.sparse.realsize", b"9")], b"1" * 512),
        ("a hole of 2^60 bytes", "refused",
         [(b"GNU.sparse.size", str(1 << 60).encode()), (b"GNU.sparse.map", b"")], b""),
        ("a name that climbs", "refused",
         [(b"GNU.sparse.size", b"512"), (b"GNU.sparse.map", b"0,512"),
          (b"GNU.sparse.name", b"../x")], b"x" * 512)):
    add("sparse: " + what, want,
        pax(*records) + header(size=b"%011o\0" % len(body)) + block(body) + END)
add("sparse: old, a map beyond the file", "refused",
    header(kind=b"S", magic=b"ustar  \0", size=b"00000001000\0",
           more=[(386, b"00000000000\0" b"00000001000\0"), (483, b"00000000010\0")]) + b"x" * 512 + END)
add("sparse: old, extensions without end", "refused",
    header(kind=b"S", magic=b"ustar  \0", more=[(482, b"\1"), (483, b"00000000010\0")])
    + (b"\0" * 504 + b"\1" + b"\0" * 7) * 9)

# not what it says
add("empty", "refused", b"")
add("not a tar", "refused", b"#!/bin/sh\n" * 200)
add("only zeros", "contained", END)
add("one block of zeros, then an entry", "refused", header() + b"\0" * 512 + header() + END)
add("no end", "refused", header())
add("garbage behind the end", "contained", header() + END + b"garbage " * 999)
add("a broken checksum", "refused", header() + header().replace(b"ustar", b"usTar") + END)
add("a file that is cut", "refused", header(size=b"00000001000\0") + b"x" * 100)

with open(os.path.join(out, "index"), "w") as f:
    f.write("\n".join(index) + "\n")
