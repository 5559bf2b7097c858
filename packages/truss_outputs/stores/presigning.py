"""Urls that let anybody read one object for a while: signed with the store's own key, asking nobody.

A url that was signed with a temporary key ends with that key, however long it was signed for.
"""

from typing import Protocol

WEEK_SECONDS = 604_800
"""The longest that a signature of S3, of GCS and of a user delegation in Azure may live.

Sources: docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html,
cloud.google.com/storage/docs/access-control/signed-urls. A store holds all its urls to it.
"""


class Presigner(Protocol):
    """What a store in a bucket offers beside `Store`."""

    def presign_problem(self, seconds: int) -> str | None:
        """Why no url can be signed for so long, None if it can. Nothing is asked of the service."""

    def presign(self, key: str, seconds: int) -> str:
        """An https url under which anybody may read the object for so many seconds, if there is one.

        Raises ValueError with the problem, if there is one, InvalidKey, and StoreError where a key to sign
        with could not be had.
        """


def length_problem(seconds: int) -> str | None:
    """What is wrong with signing for so long."""
    if 1 <= seconds <= WEEK_SECONDS:
        return None
    return f"found {seconds} seconds; allowed: 1 to {WEEK_SECONDS}, which is a week"
