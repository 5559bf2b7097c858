"""A small, strict GCS over real sockets: the JSON API, for Google's SDK, and the XML API, for obstore.

No server that can be installed honours GCS's preconditions (storage-testbench does, but is in no registry).
This one refuses what GCS refuses: another generation than was asked for, and bytes that are not what their
checksum says. It prints its port and ends when its standard input does.
"""

import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.contract.servers.gcs_objects import Kept, Objects, Refused

PAGE = 3  # small, so that every listing has pages
OBJECTS = Objects()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_request(self) -> None:
        parts = urlsplit(self.path)
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.body = self.rfile.read(int(self.headers.get("content-length", 0)))
        is_json = re.match(
            r"(?:/resumable)?(?:/upload|/download)?/storage/v1/b/([^/]+)/o(?:/(.+))?$", parts.path
        )
        xml = re.match(r"/([^/]+)(?:/(.*))?$", parts.path)
        found = is_json or xml
        assert found
        name = unquote(found.group(2) or "")
        try:
            OBJECTS.check_bucket(found.group(1))
            (self.json_api if is_json else self.xml_api)(parts.path, name)
        except Refused as refused:
            if is_json:
                self.answer(
                    refused.status, json.dumps({"error": {"code": refused.status, "message": refused.code}})
                )
            else:
                self.answer(refused.status, f"<Error><Code>{refused.code}</Code></Error>")

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_request

    def json_api(self, path: str, name: str) -> None:
        query, condition = self.query, self.query.get("ifGenerationMatch")
        match self.command, query.get("uploadType"):
            case "POST", "multipart":
                _, described, rest = self.body.split(b"\r\n\r\n", 2)
                text, _, head = described.partition(b"\r\n--")
                given, raw = json.loads(text), rest.rpartition(b"\r\n--")[0]
                media_type = head.lower().partition(b"content-type:")[2].strip().decode()
                meta = {**meta_of(given), "Content-Type": media_type}
                self.resource(
                    given["name"],
                    OBJECTS.put(given["name"], raw, meta=meta, condition=condition, hashes=hashes_of(given)),
                )
            case "POST", "resumable":
                given = json.loads(self.body)
                meta = {**meta_of(given), "Content-Type": self.headers["x-upload-content-type"]}
                identity = OBJECTS.begin(given["name"], meta, condition)
                host = self.headers["host"]
                self.answer(
                    200, "", {"Location": f"http://{host}{path}?uploadType=resumable&upload_id={identity}"}
                )
            case "PUT", "resumable":
                self.resume(query["upload_id"])
            case "GET", None if not name:
                found, more = OBJECTS.page(query.get("prefix", ""), query.get("pageToken", ""), PAGE)
                listing = {"items": [resource(name, kept) for name, kept in found]}
                self.answer(200, json.dumps(listing | ({"nextPageToken": more} if more else {})))
            case "GET", None if query.get("alt") == "media":
                self.media(OBJECTS.get(name))
            case "GET", None:
                self.resource(name, OBJECTS.get(name))
            case "DELETE", None:
                OBJECTS.delete(name)
                self.answer(204)
            case _:
                raise Refused(501, "NotImplemented")

    def resume(self, identity: str) -> None:
        upload = OBJECTS.upload(identity)
        found = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)", self.headers["content-range"])
        assert found
        if found.group(1) and int(found.group(1)) != len(upload.body):
            raise Refused(400, "InvalidRange")
        upload.body += self.body
        if found.group(3) == "*" or int(found.group(3)) > len(upload.body):
            if len(self.body) % (256 * 1024):
                raise Refused(400, "InvalidChunk")
            received = {"Range": f"bytes=0-{len(upload.body) - 1}"} if upload.body else {}
            return self.answer(308, "", received)
        hashes = dict(
            item.strip().split("=", 1) for item in self.headers.get("x-goog-hash", "").split(",") if item
        )
        kept = OBJECTS.put(
            upload.name, bytes(upload.body), meta=upload.meta, condition=upload.condition, hashes=hashes
        )
        del OBJECTS.uploads[identity]
        return self.resource(upload.name, kept)

    def xml_api(self, path: str, name: str) -> None:
        query, condition = self.query, self.headers.get("x-goog-if-generation-match")
        identity = query.get("uploadId", "")
        wanted = ("content-type", "x-goog-storage-class", "x-goog-meta-")
        meta = {key.title(): value for key, value in self.headers.items() if key.lower().startswith(wanted)}
        match self.command:
            case "PUT" if identity:
                OBJECTS.upload(identity).parts[int(query["partNumber"])] = self.body
                self.answer(200, "", {"ETag": f'"{query["partNumber"]}"'})
            case "PUT":
                kept = OBJECTS.put(name, self.body, meta=meta, condition=condition, hashes={})
                self.answer(200, "", {"ETag": f'"{kept.md5}"', "x-goog-generation": str(kept.generation)})
            case "POST" if "uploads" in query:
                identity = OBJECTS.begin(name, meta, condition)
                self.answer(
                    200,
                    "<InitiateMultipartUploadResult><Bucket>results</Bucket>"
                    f"<Key>{escape(name)}</Key><UploadId>{identity}</UploadId></InitiateMultipartUploadResult>",
                )
            case "POST" if identity:
                upload = OBJECTS.upload(identity)
                body = b"".join(part for _, part in sorted(upload.parts.items()))
                kept = OBJECTS.put(name, body, meta=upload.meta, condition=upload.condition, hashes={})
                del OBJECTS.uploads[identity]
                self.answer(
                    200,
                    f'<CompleteMultipartUploadResult><ETag>"{kept.generation}"</ETag>'
                    "</CompleteMultipartUploadResult>",
                    {"x-goog-generation": str(kept.generation)},
                )
            case "DELETE" if identity:
                OBJECTS.uploads.pop(identity, None)
                self.answer(204)
            case "DELETE":
                OBJECTS.delete(name)
                self.answer(204)
            case "GET" if not name:
                after = query.get("continuation-token") or query.get("start-after", "")
                found, more = OBJECTS.page(query.get("prefix", ""), after, PAGE)
                items = "".join(
                    f"<Contents><Key>{escape(name)}</Key><Size>{len(kept.body)}</Size><ETag>e</ETag>"
                    f"<LastModified>{kept.modified:%Y-%m-%dT%H:%M:%S.000Z}</LastModified></Contents>"
                    for name, kept in found
                )
                token = f"<NextContinuationToken>{escape(more)}</NextContinuationToken>" if more else ""
                self.answer(200, f"<ListBucketResult>{items}{token}</ListBucketResult>")
            case "GET" | "HEAD":
                self.media(OBJECTS.get(name))

    def media(self, kept: Kept) -> None:
        headers = {
            **kept.meta,
            "ETag": f'"{kept.generation}"',
            "Last-Modified": f"{kept.modified:%a, %d %b %Y %H:%M:%S GMT}",
            "X-Goog-Hash": f"crc32c={kept.crc32c},md5={kept.md5}",
            "X-Goog-Generation": str(kept.generation),
        }
        if asked := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("range", "")):
            first, last = int(asked.group(1)), min(int(asked.group(2) or len(kept.body)), len(kept.body) - 1)
            if first > last:
                raise Refused(416, "InvalidRange")
            headers["Content-Range"] = f"bytes {first}-{last}/{len(kept.body)}"
            return self.answer(206, kept.body[first : last + 1], headers)
        return self.answer(200, kept.body, headers)

    def resource(self, name: str, kept: Kept) -> None:
        self.answer(200, json.dumps(resource(name, kept)))

    def answer(self, status: int, body: str | bytes = b"", headers: dict[str, str] | None = None) -> None:
        content = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


def meta_of(given: dict[str, Any]) -> dict[str, str]:
    meta = {f"X-Goog-Meta-{key.title()}": value for key, value in given.get("metadata", {}).items()}
    return meta | ({"X-Goog-Storage-Class": given["storageClass"]} if "storageClass" in given else {})


def hashes_of(given: dict[str, Any]) -> dict[str, str]:
    return {
        key: value for key, value in (("crc32c", given.get("crc32c")), ("md5", given.get("md5Hash"))) if value
    }


def resource(name: str, kept: Kept) -> dict[str, Any]:
    at = f"{kept.modified:%Y-%m-%dT%H:%M:%S.%fZ}"
    return {
        "kind": "storage#object",
        "name": name,
        "bucket": "results",
        "size": str(len(kept.body)),
        "generation": str(kept.generation),
        "contentType": kept.meta.get("Content-Type"),
        "crc32c": kept.crc32c,
        "md5Hash": kept.md5,
        "updated": at,
        "timeCreated": at,
        "storageClass": kept.meta.get("X-Goog-Storage-Class", "STANDARD"),
        "metadata": {
            key[12:].lower(): value for key, value in kept.meta.items() if key.startswith("X-Goog-Meta-")
        },
    }


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
    server.shutdown()
