"""store_judge - what may be wrong with a store after a kill, a cut or a failure, and what may not"""

import json
import subprocess

# What interrupted work leaves: in nobody's way, and removed by a repair, or by who comes next. Files
# change while a transaction is open, so that a file may lack its record, or a record its file.
LEFT = {"layer-left", "layer-unrecorded", "ingest-left", "part-late", "lease-dead", "index-stale",
        "blob-unrecorded", "blob-missing", "snapshot-left"}
# A power cut may also take back what was recorded last.
CUT = LEFT | {"layer-missing"}


def run(*words, check=True, **more):
    return subprocess.run(words, check=check, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, **more)


def tags(tare, root):
    out = run(tare, "--root", root, "images", "--format", "{{.Repository}}:{{.Tag}}").stdout
    return set(out.split())


def lost_snapshots(tare, root, snapshots):
    """Which of @snapshots (name: what is changed in it) are not there, or not what they were."""
    lost = []
    for name, changes in sorted(snapshots.items()):
        done = run(tare, "--root", root, "snapshot", "diff", name, check=False)
        if done.returncode != 0 or done.stdout.split("\n")[:-1] != changes:
            lost.append(f"{name}: {done.stdout.split()} {done.stderr.strip()}")
    return lost


def is_left(findings, one):
    """The record of a snapshot that was being made or removed goes with its folder."""
    folders = {f["Object"] for f in findings if f["Kind"] == "snapshot-left"}
    return one["Kind"] == "snapshot-missing" and \
        not folders.isdisjoint({".new-" + one["Object"], ".gone-" + one["Object"]})


def judge(tare, root, told, harmless=None, snapshots=None):
    """What is wrong with a store: @told are the tags that have to be there, @snapshots the snapshots."""
    flaws = []
    harmless = LEFT if harmless is None else harmless
    snapshots = snapshots or {}
    found = run(tare, "--root", root, "system", "check", "--json", check=False)
    try:
        findings = json.loads(found.stdout)
    except ValueError:
        return [f"check: {found.stderr.strip()}"]
    for one in findings:
        if one["Kind"] not in harmless and not is_left(findings, one):
            flaws.append(f"{one['Kind']} {one['Object']}: {one['What']}")
    missing = told - tags(tare, root)
    if missing:
        flaws.append(f"acknowledged, and lost: {sorted(missing)}")
    if findings:
        mended = run(tare, "--root", root, "system", "check", "--repair", "--json", check=False)
        if mended.returncode != 0:
            flaws.append(f"repair: {mended.stdout.strip()} {mended.stderr.strip()}")
        again = run(tare, "--root", root, "system", "check", "--json", check=False)
        if again.returncode != 0 or again.stdout.strip() != "[]":
            flaws.append(f"after a repair: {again.stdout.strip()} {again.stderr.strip()}")
        missing = told - tags(tare, root)
        if missing:
            flaws.append(f"lost by a repair: {sorted(missing)}")
    flaws += [f"snapshot lost: {text}" for text in lost_snapshots(tare, root, snapshots)]
    return flaws
