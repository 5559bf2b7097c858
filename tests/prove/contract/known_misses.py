"""What the servers are known not to keep of their services' contract. One that is mended fails its test."""

KNOWN_MISSES = {
    (
        "fake-gcs-server",
        "test_a_created_stream_never_overwrites",
        20,
    ): "its resumable uploads ignore the condition",
}
"""Why a test fails: by the server, the test's name, and its parameter `megabytes`, None without one."""
