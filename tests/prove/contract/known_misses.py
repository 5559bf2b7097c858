"""What the servers are known not to keep of their services' contract. One that is mended fails its test."""

KNOWN_MISSES = {
    (
        "ceph",
        "sdk",
        "test_a_created_stream_never_overwrites",
        20,
    ): "Ceph 16.2 ignores the condition where it completes a multipart upload; obstore sends one PUT instead",
    (
        "fake-gcs-server",
        "sdk",
        "test_a_created_stream_never_overwrites",
        20,
    ): "its resumable uploads ignore the condition",
}
"""Why a test fails: by the server, the engine, the test's name, and its parameter `megabytes`, None without
one."""
