"""What becomes of a wrong key, a bucket that goes and a disk that is full."""

import json
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from pydantic import SecretStr

from truss_outputs import Credentials, OutputReader, OutputWriter, S3Store, Store, StoreError, from_url
from truss_outputs.stores.options import Engine
from truss_outputs.stores.probe import probe
from truss_outputs.stores.s3.options import S3Options

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

WRONG = "hunter2/hunter2/hunter2/hunter2/hunter2/"

engines = pytest.mark.parametrize("engine", ["sdk", "obstore"])

_MAY_ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


@dataclass(frozen=True)
class Strict:
    """An S3 that checks every signature, and the one key that it knows."""

    endpoint: str
    key_id: str
    secret: str

    def open(self, prefix: str, engine: Engine, secret: str | None = None) -> Iterator[Store]:
        key = Credentials(
            access_key_id=SecretStr(self.key_id), secret_access_key=SecretStr(secret or self.secret)
        )
        options = S3Options(endpoint_url=self.endpoint, region="us-east-1", credentials=key, engine=engine)
        store = from_url(f"s3://results/{prefix}", options=options)
        yield store
        if isinstance(store, S3Store):
            store.client.close()


@pytest.fixture(scope="module")
def strict(s3_client: "S3Client", s3_endpoint: str) -> Iterator[Strict]:
    """The server of the other tests, for a while: it checks signatures once a user has been made."""
    session = boto3.session.Session(aws_access_key_id="none", aws_secret_access_key="none")
    with closing(session.client("iam", endpoint_url=s3_endpoint, region_name="us-east-1")) as iam:
        unchecked(s3_endpoint, "3")
        try:
            user = f"writer-{uuid.uuid4().hex}"  # this may be set up again, on the same server
            iam.create_user(UserName=user)
            key = iam.create_access_key(UserName=user)["AccessKey"]
            iam.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=json.dumps(_MAY_ALL))
            yield Strict(s3_endpoint, key["AccessKeyId"], key["SecretAccessKey"])
        finally:
            unchecked(s3_endpoint, "inf")


def unchecked(endpoint: str, requests: str) -> None:
    """Let moto check no signatures for so many requests, and all from then on."""
    told = urllib.request.Request(
        f"{endpoint}/moto-api/reset-auth", data=requests.encode(), headers={"Content-Type": "text/plain"}
    )
    with urllib.request.urlopen(told, timeout=10) as answer:
        assert answer.status == 200


@engines
def test_every_request_is_signed_as_s3_checks_it(strict: Strict, engine: Engine) -> None:
    output = {"text": "hé", "small": b"x", "long": iter([b"x" * 9_000_000])}
    for store in strict.open(f"right-{engine}", engine):
        assert [step.problem for step in probe(store)] == [None] * 5
        OutputWriter(store).write(output, "request")
        reader = OutputReader(store)
        value = reader.value(reader.load("request"))
        assert (value["text"], value["small"], len(value["long"])) == ("hé", b"x", 9_000_000)
        store.put("a b+é~/c.txt", b"x", content_type="text/plain")
        assert store.head("a b+é~/c.txt").size == 1


OPERATIONS: list[Callable[[Store], object]] = [
    lambda store: store.put("a", b"x", content_type="text/plain"),
    lambda store: store.put("a", b"x", content_type="text/plain", create=True),
    lambda store: store.put("a", iter([b"x" * 9_000_000]), content_type="text/plain"),
    lambda store: store.get("a"),
    lambda store: list(store.open("a")),
    lambda store: list(store.list()),
    lambda store: store.delete("a"),
    lambda store: OutputWriter(store).write({"image": b"x"}, "request"),
    lambda store: OutputReader(store).load("request"),
]


@engines
def test_a_wrong_secret_is_named_and_not_shown(strict: Strict, engine: Engine) -> None:
    for store in strict.open(f"wrong-{engine}", engine, WRONG):
        for operation in OPERATIONS:
            with pytest.raises(
                StoreError, match="SignatureDoesNotMatch: the secret access key is wrong"
            ) as caught:
                operation(store)
            assert not caught.value.is_transient
            error: BaseException | None = caught.value
            while error:
                assert WRONG not in repr(error)
                error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        with pytest.raises(StoreError, match="403: the credentials may not s3:GetObject here") as caught:
            store.head("a")  # whose answer has no body to say more
        assert not caught.value.is_transient
    for store in strict.open(f"wrong-{engine}", engine):
        assert list(store.list()) == []


@engines
def test_an_unknown_key_is_named(strict: Strict, engine: Engine) -> None:
    unknown = Strict(strict.endpoint, "AKIAUNKNOWNUNKNOWN00", WRONG)
    for store in unknown.open("unknown", engine):
        with pytest.raises(StoreError, match="InvalidAccessKeyId: the access key id is unknown") as caught:
            store.put("a", b"x", content_type="text/plain")
        assert "AKIA" not in str(caught.value)


@engines
def test_a_bucket_that_was_deleted_is_named(strict: Strict, engine: Engine) -> None:
    told = {"endpoint_url": strict.endpoint, "region": "us-east-1"}
    key = Credentials(access_key_id=SecretStr(strict.key_id), secret_access_key=SecretStr(strict.secret))
    owner = from_url("s3://gone", **told, credentials=key, options=S3Options(engine="sdk"))
    assert isinstance(owner, S3Store)
    owner.client.create_bucket(Bucket="gone")
    store = from_url("s3://gone", **told, credentials=key, options=S3Options(engine=engine))
    store.put("a", b"x", content_type="text/plain", create=True)
    store.delete("a")
    owner.client.delete_bucket(Bucket="gone")
    for operation in OPERATIONS[:4]:
        with pytest.raises(StoreError, match="NoSuchBucket: there is no such bucket") as caught:
            operation(store)
        assert not caught.value.is_transient
    owner.client.close()
    if isinstance(store, S3Store):
        store.client.close()


FULL_DISK = """
import resource, sys
from truss_outputs import OutputWriter, StoreError, from_url
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
writer = OutputWriter(from_url(sys.argv[1]))
for body in (b"x" * 200_000, iter([b"x" * 60_000] * 5)):
    try:
        writer.write({"film": body}, "request")
    except StoreError as error:
        print(error.is_transient, error)
print(writer.write({"film": b"short"}, "request").artifacts[0].size)
"""


def test_a_file_the_disk_cannot_take_fails_the_request_and_leaves_nothing(tmp_path: Path) -> None:
    """A limit of the process in place of a full disk, which needs root to make."""
    url = f"file://{tmp_path}/outputs"
    done = subprocess.run([sys.executable, "-c", FULL_DISK, url], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    *failed, size = done.stdout.splitlines()
    assert len(failed) == 2
    for line in failed:
        assert f"{url}/request/" in line
        assert line.startswith("False ")
        assert "EFBIG: the file is larger than" in line
    assert size == "5"
    store = from_url(url)
    assert [entry.key.rpartition("/")[2] for entry in store.list()] == ["film.bin", "result.json"]
    left = [path for path in (tmp_path / "outputs").rglob("*") if path.is_file()]
    assert len(left) == 2
