"""Urls by which anybody may read one object for a limited time, signed without a request.

A url signed with a temporary key expires with that key, however long it was signed for.
"""

from typing import Protocol

WEEK_SECONDS = 604_800
"""The longest life of a signature in S3, in GCS, and of a user delegation in Azure.

Sources: docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html,
cloud.google.com/storage/docs/access-control/signed-urls. Every store applies it to all its urls.
"""


class Presigner(Protocol):
    """The further methods of a store that can sign urls."""

    def presign_problem(self, seconds: int) -> str | None:
        """Why no url can be signed for `seconds`, or None if one can. Nothing is asked of the service."""

    def presign(self, key: str, seconds: int) -> str:
        """An https url by which anybody may read the object, if it exists, for `seconds`.

        Raises ValueError with the text of `presign_problem`, InvalidKey, and StoreError where no signing key
        could be fetched.
        """


def length_problem(seconds: int) -> str | None:
    """Why no url can be signed for `seconds`, or None if one can."""
    if 1 <= seconds <= WEEK_SECONDS:
        return None
    return f"found {seconds} seconds; allowed: 1 to {WEEK_SECONDS}, which is a week"
