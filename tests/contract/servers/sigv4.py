"""AWS's signature of a url, made anew by botocore from the url itself."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def signature_of(url: str, *, secret: str) -> tuple[str, str]:
    """The signature in the url, and the one it should have."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    found = query.pop("X-Amz-Signature")
    key, _, region, service, _ = query["X-Amz-Credential"].split("/")
    signer = S3SigV4QueryAuth(Credentials(key, secret), service, region, int(query["X-Amz-Expires"]))
    request = AWSRequest(
        "GET", parts._replace(query=urlencode(query)).geturl(), headers={"host": parts.netloc}
    )
    request.context["timestamp"] = query["X-Amz-Date"]
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return found, signer.signature(text, request)
