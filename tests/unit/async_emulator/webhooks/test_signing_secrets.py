from datetime import UTC, datetime, timedelta

import pytest

from async_emulator.webhooks.signing_secrets import (
    WebhookSecrets,
    is_webhook_secret,
    new_webhook_secret,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(hours=24)
MOMENT = timedelta(microseconds=1)


def test_a_new_secret_looks_like_the_platforms():
    assert is_webhook_secret(new_webhook_secret())
    assert len(new_webhook_secret()) == len("whsec_AbCdEf123456GhIjKlMnOpQrStUvWxYz12345678")
    assert new_webhook_secret() != new_webhook_secret()


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_a b", "whsec_a\n", "secret", "WHSEC_a"])
def test_what_is_no_secret(text):
    assert not is_webhook_secret(text)


def test_without_a_secret_nothing_signs():
    assert WebhookSecrets().active(NOW) == []


def test_a_rotated_secret_signs_for_a_day_after_the_new_one():
    secrets = WebhookSecrets(["whsec_old"])
    new = secrets.rotate(NOW)
    assert secrets.active(NOW + DAY - MOMENT) == [new, "whsec_old"]
    assert secrets.active(NOW + DAY) == [new]


def test_a_second_rotation_does_not_prolong_the_first():
    secrets = WebhookSecrets(["whsec_a"])
    secrets.rotate(NOW, "whsec_b")
    secrets.rotate(NOW + DAY / 2, "whsec_c")
    assert secrets.active(NOW + DAY / 2) == ["whsec_c", "whsec_b", "whsec_a"]
    assert secrets.active(NOW + DAY) == ["whsec_c", "whsec_b"]


def test_a_secret_that_comes_back_is_the_newest_and_stands_there_once():
    secrets = WebhookSecrets(["whsec_a"])
    secrets.rotate(NOW, "whsec_b")
    secrets.rotate(NOW, "whsec_a")
    assert secrets.active(NOW) == ["whsec_a", "whsec_b"]
    assert secrets.active(NOW + DAY) == ["whsec_a"]


def test_a_removed_secret_is_gone_at_once():
    secrets = WebhookSecrets(["whsec_b", "whsec_a"])
    assert secrets.remove("whsec_b")
    assert not secrets.remove("whsec_b")
    assert secrets.active(NOW) == ["whsec_a"]


def test_no_secret_is_ever_shown():
    assert "hush" not in repr(WebhookSecrets(["whsec_hush"]).listed(NOW))


def test_secrets_are_listed_with_their_expiry_until_they_expire():
    secrets = WebhookSecrets(["whsec_old"])
    secrets.rotate(NOW, "whsec_new")
    listed = [(secret.value, secret.expires_at) for secret in secrets.listed(NOW)]
    assert listed == [("whsec_new", None), ("whsec_old", NOW + DAY)]
    assert [secret.value for secret in secrets.listed(NOW + DAY)] == ["whsec_new"]
