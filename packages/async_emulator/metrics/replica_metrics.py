"""What each replica's own server says at /metrics, as one text.

Every series is labelled by its deployment and its replica. As in Prometheus, a label of the replica's under
such a name becomes `exported_<name>`. Which metrics a server has is its own affair: none is known by name.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from async_emulator.errors import EmulatorError, NoMetrics
from async_emulator.prediction.model import Model

TIMEOUT_SECONDS = 2.0
"""How long one replica may take. Our choice: Prometheus waits 10 s for the whole page by default."""
MAX_BYTES = 2 * 1024 * 1024
_MAX_LINES = 20_000
_MAX_LINE = 16 * 1024
"""The parser takes time in proportion to the square of a line's length. All bounds are our choice."""

_SUFFIXES = {"counter": "_total", "info": "_info"}
"""What the text format appends to the name of a family."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredReplica:
    """A replica that is ready, and the labels of its series."""

    model: Model
    labels: Mapping[str, str]


async def replica_metrics(replicas: Sequence[MeasuredReplica], own: frozenset[str]) -> bytes:
    """Ask all replicas at once, and return what they say in Prometheus's text format.

    A comment names each replica that is left out, as it is slow, says too much or makes no sense, and each
    family that is: one under the emulator's `own` names, and one whose type differs from another replica's.
    """
    if not replicas:
        return b""
    answers = await asyncio.gather(*map(_answer, replicas), return_exceptions=True)
    return await asyncio.to_thread(_text, replicas, answers, own)


async def _answer(replica: MeasuredReplica) -> bytes:
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await replica.model.metrics(MAX_BYTES)
    except TimeoutError:
        raise NoMetrics(f"no answer within {TIMEOUT_SECONDS:.0f} s") from None


def _text(
    replicas: Sequence[MeasuredReplica], answers: Sequence[bytes | BaseException], own: frozenset[str]
) -> bytes:
    merged = _Merged(own)
    for replica, answer in zip(replicas, answers, strict=True):
        try:
            if isinstance(answer, BaseException):
                raise answer
            merged.add(replica, _families(answer))
        except EmulatorError as error:
            merged.leave_out("all", replica, str(error))
        except Exception as error:  # whatever one replica answers, the others are shown
            merged.leave_out("all", replica, type(error).__name__)
    return merged.text()


def _families(answer: bytes) -> list[Metric]:
    try:
        text = answer.decode()
        lines = text.split("\n")
        if len(lines) > _MAX_LINES or max(map(len, lines), default=0) > _MAX_LINE:
            raise NoMetrics("too many lines, or too long ones")
        return list(text_string_to_metric_families(text))
    except (ValueError, IndexError) as error:
        raise NoMetrics("not in Prometheus's text format") from error


class _Merged(Collector):
    """The families of all replicas, each once."""

    def __init__(self, own: frozenset[str]) -> None:
        self._own = own
        self._families: dict[str, Metric] = {}
        self._comments: list[str] = []

    def collect(self) -> Collection[Metric]:
        """Return all families."""
        return self._families.values()

    def add(self, replica: MeasuredReplica, families: Sequence[Metric]) -> None:
        """Take in what a replica said."""
        labelled = [_labelled(family, replica.labels) for family in families]  # all of them, or none
        seen: set[tuple[str, frozenset[tuple[str, str]]]] = set()
        for family in labelled:
            name = _exposed(family)
            if not self._own.isdisjoint((name, *(sample.name for sample in family.samples))):
                self.leave_out(name, replica, "the emulator has a metric of this name")
                continue
            known = self._families.setdefault(name, Metric(family.name, family.documentation, family.type))
            if known.type != family.type:
                self.leave_out(name, replica, f"another replica says that it is a {known.type}")
                continue
            for sample in family.samples:
                series = (sample.name, frozenset(sample.labels.items()))
                if series not in seen:  # a series that came twice would be refused
                    seen.add(series)
                    known.samples.append(sample)

    def leave_out(self, what: str, replica: MeasuredReplica, why: str) -> None:
        """Say that something of a replica's is not shown."""
        whose = f"{replica.labels['replica']}, deployment {replica.labels['deployment_id']}"
        self._comments.append(f"# left out: {what} of {whose}: {why}\n")

    def text(self) -> bytes:
        """Return the families in Prometheus's text format, and the comments."""
        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry) + "".join(self._comments).encode()


def _labelled(family: Metric, labels: Mapping[str, str]) -> Metric:
    labelled = Metric(family.name, family.documentation, family.type)
    for sample in family.samples:
        merged = dict(labels)
        for name, value in sample.labels.items():
            free = name
            while free in labels or (free != name and free in sample.labels):
                free = f"exported_{free}"
            merged[free] = value
        # Timestamps are left out, as the samples are those of this moment.
        labelled.samples.append(Sample(sample.name, merged, float(sample.value)))
    return labelled


def _exposed(family: Metric) -> str:
    return family.name + _SUFFIXES.get(family.type, "")
