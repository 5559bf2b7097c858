"""A server that takes PUTs faster than any client sends them: nginx with WebDAV, speaking just enough S3.

It checks nothing and keeps what it gets on a memory disk where there is one, so what is measured is the
client.
"""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CONFIG = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_max_body_size 0;
  client_body_temp_path {folder}/body;
  keepalive_requests 10000000;
  server {{
    listen 127.0.0.1:{port};
    root {folder}/root;
    location / {{
      dav_methods PUT DELETE;
      create_full_put_path on;
      add_header ETag e always;
      if ($request_method = POST) {{ return 200 '{multipart}'; }}
    }}
  }}
}}
"""
# What an SDK needs to hear to believe in a multipart upload: one answer for its beginning and its end.
_MULTIPART = (
    '<?xml version="1.0"?><InitiateMultipartUploadResult><UploadId>1</UploadId><ETag>e</ETag>'
    "<Bucket>bucket</Bucket><Key>key</Key></InitiateMultipartUploadResult>"
)


def is_available() -> bool:
    """Whether nginx is on this machine."""
    return shutil.which("nginx") is not None


@contextmanager
def s3_target() -> Iterator[str]:
    """Run the server; gives its endpoint url."""
    memory_disk = Path("/dev/shm")
    parent = memory_disk if memory_disk.is_dir() else None
    with tempfile.TemporaryDirectory(dir=parent) as name:
        folder = Path(name)
        folder.chmod(0o777)
        (folder / "root").mkdir(mode=0o777)
        (folder / "root").chmod(0o777)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        config = folder / "nginx.conf"
        config.write_text(_CONFIG.format(folder=folder, port=port, multipart=_MULTIPART))
        command = ["nginx", "-c", str(config), "-p", str(folder), "-e", str(folder / "error.log")]
        server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            _wait_until_open(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def _wait_until_open(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
