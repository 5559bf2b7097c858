"""A server that takes whatever S3 clients upload, and keeps none of it."""

from contextlib import AbstractContextManager

from aiohttp import web

from benchmarks.loopback_server import loopback_server

_ANSWER = (
    '<?xml version="1.0"?><InitiateMultipartUploadResult><UploadId>1</UploadId><ETag>"e"</ETag>'
    "<Bucket>sink</Bucket><Key>key</Key></InitiateMultipartUploadResult>"
)


async def _swallow(request: web.Request) -> web.Response:
    size = 0
    async for chunk in request.content.iter_chunked(1 << 20):
        size += len(chunk)
    body = _ANSWER if request.method == "POST" else ""
    return web.Response(text=body, headers={"ETag": '"e"', "X-Size": str(size)})


def sink() -> AbstractContextManager[str]:
    """Run it; gives its url."""
    return loopback_server(_swallow)
