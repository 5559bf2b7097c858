import pytest

from async_inference.webhook_url import shown, webhook_url_problem


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook",
        "https://8.8.8.8/hook",
        "http://localhost:8000/hook",
        "http://127.0.0.1/hook",
        "http://[::1]:9/hook",
        "https://localhost/hook",
        "http://LOCALHOST./hook",
        "https://bücher.example/hook",
    ],
)
def test_where_the_platform_would_send(url):
    assert webhook_url_problem(url) is None


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://example.com/hook", "must use https"),
        ("http://localhost.example.com/hook", "must use https"),
        ("http://127.0.0.2/hook", "must use https"),
        ("https://", "is not a URL"),
        ("https://[bad", "is not a URL"),
        ("https://example.com:port/", "is not a URL"),
        ("file:///etc/passwd", "is not a URL"),
        ("ftp://example.com/", "must use https"),
        ("https://10.1.2.3/hook", "private network"),
        ("https://169.254.169.254/latest/meta-data", "private network"),
        ("https://[fe80::1%25eth0]/", "private network"),
        ("https://[::ffff:10.0.0.1]/", "private network"),
        ("https://127.0.0.2.:8000/", "private network"),
        ("https://127.0.0.2..../", "private network"),
        ("https://①②⑦.0.0.2/", "private network"),
        ("https://127。0。0。2/", "private network"),
        ("https://１２７．０．０．２/", "private network"),  # noqa: RUF001  # full-width digits and stops
        ("https://127.2/", "private network"),
        ("https://0x7f.2/", "private network"),
        ("https://2130706434/", "private network"),
        ("https://[::ffff:7f00:2]/", "private network"),
        ("https://[0:0::0:2]/", "private network"),
        ("https://[::1%25lo]/", "private network"),
        ("https://x\\@10.0.0.1/", "is not a URL"),
    ],
)
def test_where_it_would_not(url, problem):
    assert problem in str(webhook_url_problem(url))


def test_private_addresses_may_be_allowed_but_not_without_https():
    assert webhook_url_problem("https://10.1.2.3/hook", allow_private=True) is None
    assert webhook_url_problem("http://10.1.2.3/hook", allow_private=True) is not None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://user:hush@example.com:1/a?token=hush#hush", "https://example.com:1/a"),
        ("https://[bad", "(not a URL)"),
    ],
)
def test_what_may_be_a_secret_is_not_shown(url, expected):
    assert shown(url) == expected
