"""The errors that the emulator raises on purpose.

EmulatorError
├── UsageProblem                 the arguments cannot be served; one line, exit code 2
│   ├── NotATruss                the folder holds no Truss, or one that truss itself refuses
│   ├── NotAChain                the file holds no chain, or one that truss itself refuses
│   ├── MissingRequirement       a model imports a package that its requirements do not name
│   ├── Unsupported              the Truss needs something that one machine without Docker cannot offer
│   ├── MissingWeights           the Truss names weights, and no local ones were given in their place
│   ├── UnknownWeights           the Truss names no such weights
│   ├── DockerUnavailable        Docker does not answer, or cannot serve this
│   ├── BadStub                  a stub has no usable predict, or stands for nothing that is served
│   ├── OutOfBounds              an option that does not fit the others
│   ├── PortInUse                another process listens there
│   ├── DataDirInUse             another emulator works in this data directory
│   ├── DataDirTooNew            a later version of truss-async wrote the queue in this data directory
│   └── DataDirUnusable          the queue in this data directory cannot be opened
├── DiskFull                     the disk that is to hold a build takes no more
├── EnvironmentBuildFailed       the model's requirements could not be installed
├── ModelLoadFailed              the model server ended before it was ready
├── ReplicaUnreachable           the model server did not answer a prediction
├── NoMetrics                    the model server does not say what it measures, or says too much
├── DataDirFailed                the queue can no longer be read or written, such as on a full disk
├── PredictionRefused            a sync prediction cannot be made
│   ├── NotDeployed              the model has not been loaded yet
│   ├── NoRoom                   no replica had room for the prediction in time
│   ├── PredictionTimedOut       the model took too long
│   └── PredictionLost           the model server broke the connection
├── UnknownRequest (LookupError) the request does not exist, or ended more than an hour ago
├── UnreadableRequest            the queue's file holds something else than a request
└── InvalidTransition            the event is impossible in the status of the request
"""

from collections.abc import Sequence
from pathlib import Path


class EmulatorError(Exception):
    """Base of every error that this package raises on purpose."""


class UsageProblem(EmulatorError):
    """The arguments cannot be served. The message is one line that says what to do."""


class NotATruss(UsageProblem):
    """The folder holds no Truss, or one that truss itself refuses."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        super().__init__(f"{path}: {problem}")


class NotAChain(UsageProblem):
    """The file holds no chain, or one that truss itself refuses. The message names the file."""


class MissingRequirement(UsageProblem):
    """A model imports a package that its requirements do not name."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}: add it to the requirements")


class Unsupported(UsageProblem):
    """The Truss needs something that one machine without Docker cannot offer. `place` names the Truss."""

    def __init__(self, place: str, key: str, found: object, reason: str) -> None:
        self.key = key
        super().__init__(f"{place}: {key}: {found!r} cannot be emulated: {reason}")


class MissingWeights(UsageProblem):
    """The Truss names weights, and no local ones were given in their place."""

    def __init__(self, place: str, key: str, name: str) -> None:
        self.key = key
        super().__init__(
            f"{place}: {key}: {name} is not downloaded: give a local folder by --weights {name}=DIR, "
            "or a stand-in for the model by --stub FILE.py"
        )


class UnknownWeights(UsageProblem):
    """The Truss names no such weights."""

    def __init__(self, place: str, name: str, known: Sequence[str]) -> None:
        allowed = f"allowed is {', '.join(known)}" if known else "it names no weights: leave the option out"
        super().__init__(f"--weights {name}: {place} names no such weights: {allowed}")


class BadStub(UsageProblem):
    """A stub has no usable predict, or stands for nothing that is served."""

    def __init__(self, stub: object, problem: str) -> None:
        super().__init__(f"--stub {stub}: {problem}")


class DockerUnavailable(UsageProblem):
    """Docker does not answer, or cannot serve this."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"--docker: {problem}: start Docker, or leave the option out")


class OutOfBounds(UsageProblem):
    """An option that does not fit the others."""

    def __init__(self, option: str, found: object, allowed: str) -> None:
        self.option = option
        super().__init__(f"{option}: found {found}, allowed is {allowed}")


class PortInUse(UsageProblem):
    """Another process listens on the port."""

    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__(f"port {port} is in use: stop what listens there, or choose another with --port")


class DataDirInUse(UsageProblem):
    """Another emulator works in this data directory."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        super().__init__(f"{data_dir} is in use by another truss-async serve: choose another --data-dir")


class DataDirTooNew(UsageProblem):
    """A later version of truss-async wrote the queue in this data directory."""

    def __init__(self, data_dir: Path, version: int, known: int) -> None:
        self.data_dir = data_dir
        super().__init__(
            f"{data_dir} holds a queue of version {version}, and this truss-async knows versions "
            f"up to {known}: upgrade truss-async, or choose another --data-dir"
        )


class DataDirUnusable(UsageProblem):
    """The queue in this data directory cannot be opened."""

    def __init__(self, data_dir: Path, reason: object) -> None:
        self.data_dir = data_dir
        super().__init__(
            f"{data_dir} cannot hold the queue ({reason}): "
            "choose another --data-dir, or mend this one: free space, or move a damaged queue.sqlite3 away"
        )


class DataDirFailed(EmulatorError):
    """The queue in this data directory can no longer be read or written, such as on a full disk."""

    def __init__(self, data_dir: Path, reason: object) -> None:
        self.data_dir = data_dir
        self.reason = reason
        super().__init__(
            f"the disk of {data_dir} fails ({reason}): free space there, or mend it; "
            "until then no request is accepted, canceled or started"
        )


class DiskFull(EmulatorError):
    """The disk that is to hold a build is full, or its user may write no more."""

    def __init__(self, folder: Path, disk: Path, reason: str) -> None:
        self.folder = folder
        self.disk = disk
        super().__init__(f"nothing can be written to {folder} ({reason}): make room on the disk at {disk}")


class EnvironmentBuildFailed(EmulatorError):
    """The model's requirements could not be installed.

    `name` says which model it is, where there are several.
    """

    def __init__(self, exit_code: int, name: str = "", program: str = "uv") -> None:
        self.exit_code = exit_code
        self.program = program
        of = f"of {name} " if name else ""
        super().__init__(
            f"the model's requirements {of}could not be installed ({program} ended with {exit_code})"
        )


class ModelLoadFailed(EmulatorError):
    """The model server ended before it was ready. `reason` is its last error line.

    `name` says which model it is, where there are several.
    """

    def __init__(self, reason: str, name: str = "") -> None:
        self.reason = reason
        super().__init__(f"the model {name + ' ' if name else ''}failed to load: {reason}")


class ReplicaUnreachable(EmulatorError):
    """The model server did not answer a prediction: it died, or broke the connection."""


class NoMetrics(EmulatorError):
    """The model server does not say what it measures, or says too much."""


class PredictionRefused(EmulatorError):
    """A sync prediction cannot be made. The message is for the caller."""


class NotDeployed(PredictionRefused):
    """The model has not been loaded yet."""

    def __init__(self) -> None:
        super().__init__("Model is not ready, it is still building or deploying")


class NoRoom(PredictionRefused):
    """No replica had room for the prediction in time."""

    def __init__(self) -> None:
        super().__init__("no replica had room for the prediction in time")


class PredictionTimedOut(PredictionRefused):
    """The model took longer than a sync prediction may take."""

    def __init__(self) -> None:
        super().__init__("the prediction took too long")


class PredictionLost(PredictionRefused):
    """The model server died, or broke the connection."""

    def __init__(self) -> None:
        super().__init__("Error making prediction")


class UnknownRequest(EmulatorError, LookupError):
    """The request does not exist, or ended more than an hour ago."""

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        super().__init__(f"there is no async request {request_id!r}")


class UnreadableRequest(EmulatorError):
    """The queue's file holds something else than a request in this request's row."""

    def __init__(self, request_id: str, column: str, reason: object) -> None:
        self.request_id = request_id
        super().__init__(
            f"async request {request_id!r} is unreadable in the queue's file: {column}: {reason}"
        )


class InvalidTransition(EmulatorError):
    """The event is impossible in the status of the request."""

    def __init__(self, status: str, event: str) -> None:
        super().__init__(f"a request that is {status} cannot {event}")
