#!/usr/bin/env python3
"""registry_odd.py - a registry that is odd or hostile; the repository's name says in which way

usage: registry_odd.py FOLDER [CERT KEY]

Serves on free ports of 127.0.0.1 until it is ended: FOLDER/main is the registry's HOST:PORT,
FOLDER/other one of another origin, FOLDER/tls the registry once more with CERT and KEY. What they are
asked goes to FOLDER/main.log and so on, a line for each request: METHOD PATH|AUTHORIZATION|RANGE.
FOLDER/blob is the blob that every repository has, FOLDER/digest its digest.
"""
import base64
import collections
import hashlib
import json
import os
import signal
import socketserver
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler

FOLDER = sys.argv[1]
BLOB = bytes((i * 7 + i // 251) & 255 for i in range(3_000_000))
DIGEST = "sha256:" + hashlib.sha256(BLOB).hexdigest()
OCI = "application/vnd.oci.image.manifest.v1+json"
MANIFEST = json.dumps({"schemaVersion": 2, "mediaType": OCI, "config": {
    "mediaType": "application/vnd.oci.image.config.v1+json", "digest": DIGEST, "size": len(BLOB)},
    "layers": []}).encode()
MANIFEST_DIGEST = "sha256:" + hashlib.sha256(MANIFEST).hexdigest()
BASIC = "Basic " + base64.b64encode(b"user:secret").decode()

hosts = {}
count = collections.Counter()
uploads = {}
lock = threading.Lock()


def times(what):
    """How often it was asked before."""
    with lock:
        count[what] += 1
        return count[what] - 1


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, *args):
        pass

    def note(self):
        line = "|".join((f"{self.command} {self.path}", self.headers.get("Authorization", ""),
                         self.headers.get("Range", "")))
        with lock, open(f"{FOLDER}/{self.server.name}.log", "a") as log:
            log.write(line + "\n")

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        length = headers.pop("length", len(body))
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def cut(self, status, body, **headers):
        """A body that ends before its length."""
        self.answer(status, body, **headers)
        self.wfile.flush()
        self.close_connection = True

    def error(self, status, code, message, **headers):
        self.answer(status, json.dumps({"errors": [{"code": code, "message": message}]}).encode(),
                    Content_Type="application/json", **headers)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def serve(self):
        self.note()
        path = self.path.split("?")[0].strip("/").split("/")
        try:
            if path[0] == "v2" and len(path) >= 4:
                repo = path[1]
                getattr(self, "repo_" + repo, self.plain)(path[2], path[3:])
            else:
                getattr(self, "root_" + path[0].replace("-", "_"), self.missing)(path[1:])
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = serve

    def missing(self, *rest):
        self.body()
        self.error(404, "NAME_UNKNOWN", "nothing here")

    # --- what is right ---

    def plain(self, kind, rest):
        if kind == "manifests":
            self.answer(200, MANIFEST, Content_Type=OCI, Docker_Content_Digest=MANIFEST_DIGEST)
        elif kind == "blobs" and rest[0] == DIGEST:
            self.blob()
        else:
            self.missing()

    def blob(self, body=BLOB):
        wanted = self.headers.get("Range", "")
        if wanted:
            start = int(wanted.split("=")[1].split("-")[0])
            self.answer(206, body[start:],
                        Content_Range=f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            self.answer(200, body)

    def root_v2(self, rest):
        if self.server.name == "other":
            self.need_token(f"http://{hosts['other']}/anytoken", "any") or self.answer(200, b"{}")
        elif rest == ["_catalog"]:
            self.answer(200, json.dumps({"repositories": ["a/b", "bad name", "../x", 7]}).encode())
        elif self.headers.get("Authorization") in (None, BASIC):
            self.answer(200, b"{}")
        else:
            self.error(401, "UNAUTHORIZED", "no", WWW_Authenticate='Basic realm="x"')

    def root_v1(self, rest):
        self.answer(200, json.dumps({"num_results": 2, "results": [
            {"name": "debian", "description": "an \x1b[31m image", "star_count": 9,
             "is_official": True},
            {"name": "user/app", "description": None, "star_count": 0}]}).encode())

    # --- who we are ---

    def need_basic(self):
        if self.headers.get("Authorization") == BASIC:
            return False
        self.error(401, "UNAUTHORIZED", "who are you?", WWW_Authenticate='Basic realm="x"')
        return True

    def need_token(self, realm, repo):
        if self.headers.get("Authorization") == f"Bearer token-{repo}":
            return False
        self.error(401, "UNAUTHORIZED", "a token", WWW_Authenticate=(
            f'Bearer realm="{realm}",service="odd",scope="repository:{repo}:pull"'))
        return True

    def repo_basic(self, *rest):
        self.need_basic() or self.plain(*rest)

    def repo_bearer(self, *rest):
        self.need_token(f"http://{hosts['main']}/token", "bearer") or self.plain(*rest)

    def repo_bearerelse(self, *rest):
        self.need_token(f"http://{hosts['other']}/token", "bearerelse") or self.plain(*rest)

    def repo_bearerclear(self, *rest):
        self.need_token("http://198.51.100.7/token", "bearerclear")

    def repo_bearermeta(self, *rest):
        self.need_token("https://169.254.169.254/token", "bearermeta")

    def repo_badtoken(self, *rest):
        self.need_token(f"http://{hosts['main']}/badtoken", "badtoken") or self.plain(*rest)

    def repo_deeptoken(self, *rest):
        self.need_token(f"http://{hosts['main']}/deeptoken", "deeptoken") or self.plain(*rest)

    def root_token(self, rest):
        form = self.body().decode()
        if self.command == "POST":
            good = "grant_type=refresh_token" in form and "refresh_token=identity" in form
            repo = form.split("repository%3A")[1].split("%3A")[0]
        else:
            good = self.headers.get("Authorization") == BASIC
            repo = self.path.split("repository%3A")[1].split("%3A")[0]
        if not good:
            self.error(401, "UNAUTHORIZED", "wrong")
            return
        self.answer(200, json.dumps({"access_token": f"token-{repo}", "expires_in": 300}).encode())

    def root_anytoken(self, rest):
        if self.headers.get("Authorization") == BASIC:
            self.answer(200, b'{"token":"token-any"}')
        else:
            self.error(401, "UNAUTHORIZED", "wrong")

    def root_badtoken(self, rest):
        self.answer(200, b'{"token":"a\\r\\nX-Evil: 1"}')

    def root_deeptoken(self, rest):
        self.answer(200, b"[" * 100000)

    # --- where we are sent ---

    def repo_redirect(self, kind, rest):
        if not self.need_basic():
            self.answer(307, Location=f"http://{hosts['other']}/v2/plain/{kind}/{rest[0]}")

    def repo_steal(self, kind, rest):
        if not self.need_basic():
            self.answer(307, Location=f"http://{hosts['other']}/v2/basic/{kind}/{rest[0]}")

    def repo_downgrade(self, kind, rest):
        self.answer(307, Location=f"http://{hosts['other']}/v2/plain/{kind}/{rest[0]}")

    def repo_loop(self, kind, rest):
        self.answer(307, Location=f"{self.path}1")

    def repo_metadata(self, kind, rest):
        self.answer(307, Location="http://169.254.169.254/latest/meta-data")

    def repo_metahex(self, kind, rest):
        self.answer(302, Location="http://0xa9fea9fe/latest/meta-data")

    def repo_scheme(self, kind, rest):
        self.answer(302, Location="file:///etc/passwd")

    # --- bodies ---

    def repo_wrong(self, kind, rest):
        self.answer(200, MANIFEST.replace(b"2", b"3", 1), Content_Type=OCI,
                    Docker_Content_Digest=MANIFEST_DIGEST)

    def repo_confused(self, kind, rest):
        self.answer(200, MANIFEST, Content_Type=OCI,
                    Docker_Content_Digest="sha256:../../../../canary")

    def repo_html(self, kind, rest):
        self.answer(200, b"<html>", Content_Type="text/html")

    def repo_schema1(self, kind, rest):
        self.answer(200, b'{"schemaVersion":1}',
                    Content_Type="application/vnd.docker.distribution.manifest.v1+prettyjws")

    def start_chunks(self):
        self.send_response(200)
        self.send_header("Content-Type", OCI)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def repo_endless(self, kind, rest):
        self.start_chunks()
        while True:
            self.wfile.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")

    def repo_headers(self, kind, rest):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            self.wfile.write(b"X-More: " + b"x" * 1000 + b"\r\n")

    def repo_longer(self, kind, rest):
        self.answer(200, BLOB + b"x")

    def repo_longerchunks(self, kind, rest):
        self.start_chunks()
        self.wfile.write(b"%x\r\n" % (len(BLOB) + 1) + BLOB + b"x\r\n0\r\n\r\n")

    def repo_flipped(self, kind, rest):
        self.answer(200, BLOB[:-1] + b"x")

    def repo_truncated(self, kind, rest):
        """A third at a time."""
        wanted = self.headers.get("Range", "bytes=0-")
        start = int(wanted.split("=")[1].split("-")[0])
        self.cut(206 if start else 200, BLOB[start:start + 1_100_000], length=len(BLOB) - start,
                 Content_Range=f"bytes {start}-{len(BLOB) - 1}/{len(BLOB)}")

    def repo_norange(self, kind, rest):
        if times("norange"):
            self.answer(200, BLOB)
        else:
            self.cut(200, BLOB[:1_500_000], length=len(BLOB))

    def repo_cutchunks(self, kind, rest):
        if times("cutchunks"):
            self.blob()
            return
        self.start_chunks()
        self.wfile.write(b"%x\r\n" % 70000 + BLOB[:70000] + b"\r\n0\r\n\r\n")

    def repo_badrange(self, kind, rest):
        if self.headers.get("Range"):
            self.answer(206, BLOB[5:], Content_Range=f"bytes 5-{len(BLOB) - 1}/{len(BLOB)}")
        else:
            self.cut(200, BLOB[:1000], length=len(BLOB))

    def repo_half(self, kind, rest):
        """A mirror that never gets further."""
        self.cut(200, BLOB[:1_500_000], length=len(BLOB))

    # --- moods ---

    def repo_moody(self, *rest):
        if times("moody") < 2:
            self.error(503, "UNAVAILABLE", "not now")
        else:
            self.plain(*rest)

    def repo_later(self, *rest):
        if times("later") < 1:
            self.error(429, "TOOMANYREQUESTS", "later", Retry_After="1")
        else:
            self.plain(*rest)

    def repo_limited(self, *rest):
        self.error(429, "TOOMANYREQUESTS", "You have reached your limit", Retry_After="3600",
                   RateLimit_Limit="100;w=21600", RateLimit_Remaining="0;w=21600")

    def repo_denied(self, *rest):
        self.error(403, "DENIED", "not for \x1b[31myou")

    def repo_counted(self, kind, rest):
        self.answer(200, MANIFEST, Content_Type=OCI, Docker_Content_Digest=MANIFEST_DIGEST,
                    RateLimit_Remaining="76;w=21600")

    def repo_slow(self, kind, rest):
        self.send_response(200)
        self.send_header("Content-Length", str(len(BLOB)))
        self.end_headers()
        for at in range(1000):
            self.wfile.write(BLOB[at:at + 1])
            self.wfile.flush()
            time.sleep(0.2)

    def repo_slowhead(self, kind, rest):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for at in range(1000):
            self.wfile.write(b"X-%d: y\r\n" % at)
            self.wfile.flush()
            time.sleep(0.2)

    def repo_many(self, kind, rest):
        page = times("many")
        self.answer(200, json.dumps({"name": "many", "tags": [f"t{page}-{i}" for i in range(10)]})
                    .encode(), Link=f'</v2/many/tags/list?last={page}>; rel="next"')

    # --- uploads ---

    def repo_patchy(self, kind, rest):
        """The second piece is refused once, and half of it has arrived."""
        data = self.body()
        if self.command == "HEAD":
            self.answer(404)
        elif self.command == "POST":
            uploads["patchy"] = b""
            self.answer(202, Location="/v2/patchy/blobs/uploads/1?_state=a")
        elif self.command == "PATCH" and uploads["patchy"] and not times("patchy"):
            uploads["patchy"] += data[:len(data) // 2]
            self.error(503, "UNAVAILABLE", "not now")
        elif self.command == "PATCH":
            start = int(self.headers["Content-Range"].split("-")[0])
            if start != len(uploads["patchy"]):
                self.error(416, "RANGE", "not there")
                return
            uploads["patchy"] += data
            self.answer(202, Location="/v2/patchy/blobs/uploads/1?_state=b",
                        Range=f"0-{len(uploads['patchy']) - 1}")
        elif self.command == "GET":
            self.answer(204, Location="/v2/patchy/blobs/uploads/1?_state=c",
                        Range=f"0-{len(uploads['patchy']) - 1}")
        else:
            good = hashlib.sha256(uploads["patchy"]).hexdigest() in self.path
            self.answer(201 if good else 400)

    def repo_uploadelse(self, kind, rest):
        """The upload itself goes to another origin."""
        self.body()
        if self.command == "HEAD":
            self.need_basic() or self.answer(404)
        elif self.command == "POST":
            if not self.need_basic():
                self.answer(202, Location=f"http://{hosts['other']}/upload?x=y")

    def root_upload(self, rest):
        self.body()
        self.answer(201)


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        pass


def serve(name, context=None):
    server = Server(("127.0.0.1", 0), Handler)
    server.name = name
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True,
                                            do_handshake_on_connect=False)
    hosts[name] = f"127.0.0.1:{server.server_address[1]}"
    open(f"{FOLDER}/{name}.log", "w").close()
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main():
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    serve("other")
    serve("main")
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        serve("tls", context)
    with open(f"{FOLDER}/blob", "wb") as blob:
        blob.write(BLOB)
    for name, text in {"digest": DIGEST, "manifest-digest": MANIFEST_DIGEST, **hosts}.items():
        with open(f"{FOLDER}/{name}.new", "w") as file:
            file.write(text)
        os.rename(f"{FOLDER}/{name}.new", f"{FOLDER}/{name}")
    open(f"{FOLDER}/ready", "w").close()
    while True:
        time.sleep(3600)


main()
