"""Large inputs: of the store, and over https from a server on this machine that plays one on the internet."""

import hashlib
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import HTTPException

from truss_outputs import LocalStore, MemoryStore, ModelOutputs, Store
from truss_outputs.inputs.https_source import HttpsSource, InputRefused, InputUnavailable
from truss_outputs.inputs.reference import InputStream, open_input
from truss_outputs.settings.sections import InputSettings

HOST = "files.example.com"
PUBLIC = "93.184.216.34"
FILM = b"film" * 1_000_000
SHA = f"sha256:{hashlib.sha256(FILM).hexdigest()}"


class Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert self.headers["Host"] == HOST
        assert "Authorization" not in self.headers
        match self.path:
            case "/film.mp4?signature=abc":
                self._answer(200, FILM)
            case "/chunked":
                self._answer(200, b"", Transfer_Encoding="chunked")
                self.wfile.write(b"3\r\nabc\r\n0\r\n\r\n")
            case "/endless":
                self._answer(200, b"", Transfer_Encoding="chunked")
                try:
                    while True:
                        self.wfile.write(b"400\r\n" + b"x" * 1_024 + b"\r\n")
                except OSError:
                    return
            case "/short":
                self._answer(200, b"abc", Content_Length="9")
            case "/twenty-kB":
                self._answer(200, b"x" * 20_000)
            case "/dripping-head":
                self._drip(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 10_000)
            case "/dripping":
                self._answer(200, b"", Content_Length="10000")
                self._drip(b"x" * 10_000)
            case "/dripping-chunks":
                self._answer(200, b"", Transfer_Encoding="chunked")
                self._drip(b"1\r\nx\r\n" * 10_000)
            case "/moved":
                self._answer(302, b"", Location="https://169.254.169.254/")
            case path:
                self._answer(int(path[1:]), b"")

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.close_connection = True
        self.send_response(status)
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        if "Transfer-Encoding" not in fields:
            fields.setdefault("Content-Length", str(len(body)))
        for name, value in {"Content-Type": "video/mp4", **fields}.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):  # who has heard enough hangs up
            self.wfile.write(body)

    def _drip(self, body: bytes) -> None:
        """A byte every 2 ms, so that no single read takes long, until the reader hangs up."""
        with suppress(OSError):
            for byte in body:
                self.wfile.write(bytes([byte]))
                time.sleep(0.002)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def certificate(host: str, folder: Path) -> Path:
    """A certificate for this host, with its key, of its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture(scope="module")
def internet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What connects to the server, and trusts it."""
    pem = certificate(HOST, tmp_path_factory.mktemp("certificate"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    def connect(address: str, port: int, timeout: float) -> socket.socket:
        assert (address, port) == (PUBLIC, 443)
        return socket.create_connection(("127.0.0.1", server.server_port), timeout)

    yield {
        "connect": connect,
        "resolve": lambda host, port: [PUBLIC],
        "context": ssl.create_default_context(cafile=str(pem)),
    }
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def https(internet: dict[str, Any]) -> HttpsSource:
    return HttpsSource(allowed_hosts=[HOST, "*.example.org"], timeout=5.0, **internet)


def never(*arguments: Any) -> Any:
    raise AssertionError("nobody may be asked")


NOBODY = HttpsSource(allowed_hosts=[HOST, "*.example.org"], resolve=never, connect=never)


def opened(
    value: Any, *, store: Store | None = None, https: HttpsSource = NOBODY, limit: int = 10_000_000
) -> InputStream:
    return open_input(
        value, store=store or MemoryStore("own"), settings=InputSettings(limit_bytes=limit), https=https
    )


def test_an_https_url_is_read_whole(https: HttpsSource, tmp_path: Path) -> None:
    url = f"https://{HOST}/film.mp4?signature=abc"
    with opened(url, https=https) as film:
        assert film.content_type == "video/mp4"
        assert film.read() == FILM
    with opened({"url": url, "size": len(FILM), "checksum": SHA, "name": "film.mp4"}, https=https) as film:
        assert film.save(tmp_path / "film").read_bytes() == FILM
    with opened(f"https://{HOST}/chunked", https=https) as stream:
        assert list(stream) == [b"abc"]


def test_what_is_too_large_is_not_read_and_what_has_no_end_is_cut(https: HttpsSource, tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="larger than the 1,000 bytes"):
        opened(f"https://{HOST}/film.mp4?signature=abc", https=https, limit=1_000)
    with (
        opened(f"https://{HOST}/endless", https=https) as stream,
        pytest.raises(InputRefused, match="larger than the 10,000,000 bytes"),
    ):
        stream.save(tmp_path / "endless")
    assert not (tmp_path / "endless").exists()


@pytest.mark.parametrize(
    ("path", "kind", "problem"),
    [
        ("moved", InputRefused, "answered 302: a redirect is not followed"),
        ("404", InputRefused, "answered 404"),
        ("403", InputRefused, "answered 403"),
        ("204", InputRefused, "answered 204"),
        ("429", InputUnavailable, "answered 429"),
        ("503", InputUnavailable, "answered 503"),
    ],
)
def test_other_answers(https: HttpsSource, path: str, kind: type[Exception], problem: str) -> None:
    with pytest.raises(kind, match=problem):
        opened(f"https://{HOST}/{path}", https=https)


def test_a_body_that_ends_early(https: HttpsSource) -> None:
    with (
        opened(f"https://{HOST}/short", https=https) as stream,
        pytest.raises(InputUnavailable, match="it ended 6 bytes early"),
    ):
        stream.read()


@pytest.mark.parametrize(
    ("path", "limit", "seconds"),
    [("dripping-head", 10**9, 0.1), ("dripping", 10**9, 0.11), ("dripping-chunks", 20_000, 0.12)],
)
def test_a_server_that_drips_is_given_up(
    internet: dict[str, Any], path: str, limit: int, seconds: float
) -> None:
    """After the timeout and the time of its body, or of the largest that is allowed, at 1 MB a second."""
    https = HttpsSource(allowed_hosts=[HOST], timeout=0.1, **internet)
    started = time.monotonic()
    with (
        pytest.raises(InputUnavailable, match=r"so slowly|no answer in time"),
        opened(f"https://{HOST}/{path}", https=https, limit=limit) as stream,
    ):
        stream.read()
    assert seconds * 0.8 < time.monotonic() - started < 1


def test_the_time_that_a_reader_takes_does_not_count(internet: dict[str, Any]) -> None:
    https = HttpsSource(allowed_hosts=[HOST], timeout=0.1, **internet)
    with opened(f"https://{HOST}/twenty-kB", https=https) as stream:
        time.sleep(0.15)
        assert stream.read() == b"x" * 20_000  # of which not all came with the headers


def test_a_stream_that_is_not_read_is_closed(https: HttpsSource) -> None:
    with opened(f"https://{HOST}/film.mp4?signature=abc", https=https):
        pass


def test_a_certificate_of_another_host(internet: dict[str, Any]) -> None:
    https = HttpsSource(allowed_hosts=["*.example.org"], **internet)
    with pytest.raises(InputUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
        opened("https://other.example.org/", https=https)


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], [PUBLIC, "169.254.169.254"], ["::1"], ["::ffff:10.0.0.1"], []]
)
def test_a_host_with_an_address_of_ours_is_never_connected_to(addresses: list[str]) -> None:
    https = HttpsSource(allowed_hosts=[HOST], resolve=lambda host, port: addresses, connect=never)
    with pytest.raises(InputRefused, match="an address that is not public"):
        opened(f"https://{HOST}/", https=https)


def test_nobody_at_home() -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise socket.gaierror("Name or service not known")

    with pytest.raises(InputUnavailable, match="Name or service not known"):
        opened(f"https://{HOST}/", https=HttpsSource(allowed_hosts=[HOST], resolve=resolve))


@pytest.mark.parametrize(
    "url",
    [
        "http://files.example.com/",
        "file:///etc/passwd",
        "https://evil.com/",
        "https://files.example.com.evil.com/",
        "https://evilexample.org/",
        "https://example.org/",
        "https://files.example.com:8443/",
        "https://user:pa55@files.example.com/",
        "https://files.example.com@evil.com/",
        "https://evil.com\\@files.example.com/",
        "https://files.example.com/a b",
        "https://files.example.com/\r\nX: y",
        "https://files.exämple.com/",
        "https://files.example.com./",
        "https://[::1]/",
        "https://[files.example.com/",
        "https://files.example.com:port/",
        f"https://{HOST}/" + "x" * 10_000,
        "",
        "memory://other/x",
        "memory://own-and-more/x",
        "memory://own/../x",
        "memory://own/",
        "memory://own/absent",
    ],
)
def test_what_may_not_be_read_is_refused_before_anybody_is_asked(url: str) -> None:
    with pytest.raises(InputRefused) as caught:
        opened(url)
    assert "pa55" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://..example.org/", f"https://{'x' * 300}.example.org/"])
def test_a_host_that_is_no_name(url: str) -> None:
    https = HttpsSource(allowed_hosts=["*.example.org"], connect=never)
    with pytest.raises((InputRefused, InputUnavailable)):
        opened(url, https=https)


@pytest.mark.parametrize("value", [None, 7, [], {}, {"url": 7}, {"url": "x", "size": -1}])
def test_what_is_no_reference(value: object) -> None:
    with pytest.raises(InputRefused):
        opened(value)


def test_a_signature_in_a_url_is_not_repeated() -> None:
    with pytest.raises(InputRefused) as caught:
        opened("https://evil.com/film?X-Amz-Signature=abcdef")
    assert "abcdef" not in str(caught.value)


def test_an_object_of_the_store_is_read_and_checked(tmp_path: Path) -> None:
    for store in (MemoryStore("own"), LocalStore(tmp_path / "a folder")):
        store.put("inputs/film.mp4", FILM, content_type="video/mp4")
        url = store.url_of("inputs/film.mp4")
        with opened({"url": url, "size": len(FILM), "checksum": SHA}, store=store) as film:
            assert film.content_type == "video/mp4"
            assert film.read() == FILM
        for wrong, problem in (
            ({"size": 3}, "4000000 bytes, where its reference says 3"),
            ({"checksum": f"sha256:{'0' * 64}"}, "where its reference says sha256:000"),
        ):
            with (
                opened({"url": url, **wrong}, store=store) as film,
                pytest.raises(InputRefused, match=problem),
            ):
                film.read()
        with pytest.raises(InputRefused, match="larger than the 10 bytes"):
            opened(url, store=store, limit=10)


def test_a_model_reads_an_input_and_blames_whom_it_should(https: HttpsSource) -> None:
    outputs = ModelOutputs.of_store(MemoryStore("own"), https=https)
    with outputs.input(f"https://{HOST}/chunked") as stream:
        assert stream.read() == b"abc"
    for url, status in (
        ("https://evil.com/", 422),
        (f"https://{HOST}/short", 500),
        (f"https://{HOST}/500", 500),
    ):
        with pytest.raises(HTTPException) as caught, outputs.input(url) as stream:
            stream.read()
        assert caught.value.status_code == status
        assert url in caught.value.detail


def test_no_host_is_allowed_by_default() -> None:
    with (
        pytest.raises(HTTPException, match="no host is listed under"),
        ModelOutputs.of_store(MemoryStore()).input("https://example.com/"),
    ):
        pass
