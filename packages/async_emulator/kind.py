"""What a deployment is one of."""

from enum import StrEnum


class Kind(StrEnum):
    """Baseten serves models, called by `predict`, and chains, called by `run_remote`."""

    MODEL = "model"
    CHAIN = "chain"
