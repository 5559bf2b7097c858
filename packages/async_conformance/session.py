"""One run of the command: the report that it goes on with, its plan, its calls, and its end."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import click
import httpx

from async_conformance.budget import Budget, BudgetSpent
from async_conformance.clock import SystemClock
from async_conformance.display import announcement, summary
from async_conformance.plan import Plan
from async_conformance.receiver import Receiver, listening
from async_conformance.report import Report, read_report
from async_conformance.reporter import Reporter
from async_conformance.row import Need, NotTried, Row
from async_conformance.rows import ROWS
from async_conformance.run import run_rows
from async_conformance.target import NoAnswer, Target
from async_conformance.verdict import Outcome, Verdict
from async_inference.cli import display
from async_inference.cli.exit_codes import FAILURE, TIMEOUT
from async_inference.cli.service import Service
from async_inference.errors import ApiError, ConnectionFailed, InvalidSetting
from async_inference.webhook_url import webhook_url_problem


class Session:
    """A run, as it was asked for. Raises InvalidSetting and click's errors before the first call."""

    def __init__(
        self,
        *,
        service: Service,
        path: Path,
        is_fresh: bool,
        names: Sequence[str],
        max_calls: int,
        max_seconds: float,
        webhook_url: str | None,
        port: int | None,
        webhook_secrets: Sequence[str],
        is_quiet: bool,
    ) -> None:
        self._service = service
        self._path = path
        self._max_calls = max_calls
        self._max_seconds = max_seconds
        self._webhook_url = _checked_webhook_url(webhook_url, port)
        self._port = port
        self._webhook_secrets = webhook_secrets
        self._is_quiet = is_quiet
        self._clock = SystemClock()
        with service.client() as client:
            self._endpoint = client.endpoint
        self._rows = _chosen(names)
        self.report = self._opened_report(is_fresh=is_fresh, is_chosen=bool(names))
        rows = [row for row in self._rows if names or not self.report.is_known(row)]
        self.plan = Plan.of(rows, have=self._have(), max_calls=max_calls, max_seconds=max_seconds)

    @property
    def announcement(self) -> str:
        """What the run is about to do."""
        known = sum(row.outcome is not Outcome.NOT_TRIED for row in self.report.rows.values())
        goes_on = f"{self._path} has {known} rows already; " if known else ""
        return f"{goes_on}{announcement(self.plan)}"

    def run(self) -> int:
        """Run, and return the exit code. Raises the errors of the client if nothing can be looked at."""
        self._check_access()
        self.report.write(self._path)
        stopped = asyncio.run(self._run())
        self.report.is_finished = stopped is None and all(row.name in self.report.rows for row in ROWS)
        self.report.write(self._path)
        display.note(f"{summary(self.report, self._rows)}; the report is {self._path}")
        if stopped is not None:
            display.note(f"stopped early: {stopped}; the same command goes on from here")
            return TIMEOUT if isinstance(stopped, BudgetSpent) else FAILURE
        return FAILURE if self.report.count(Outcome.DIFFERS, self._rows) else 0

    def _opened_report(self, *, is_fresh: bool, is_chosen: bool) -> Report:
        """Return the report to go on with, or a new one."""
        new = Report(target=self._endpoint.submit, started_at=self._clock.now())
        if is_fresh or not self._path.exists():
            return new
        found = read_report(self._path)
        if found.target != new.target:
            raise InvalidSetting(
                f"report {self._path}", f"is that of {found.target}: give another --report, or --fresh"
            )
        return new if found.is_finished and not is_chosen else found

    def _have(self) -> set[Need]:
        have = {Need.CHAIN if self._endpoint.is_chain else Need.MODEL}
        if self._webhook_url:
            have.add(Need.WEBHOOK)
        if self._webhook_secrets:
            have.add(Need.SECRET)
        return have

    def _check_access(self) -> None:
        """Raise ConnectionFailed if nothing answers, and ApiError if the key or the target is refused."""
        with self._service.client() as client:
            try:
                client.queue_status()
            except ApiError as error:
                if error.status_code != 200:  # an answer that cannot be read is for the rows to say
                    raise

    async def _run(self) -> BudgetSpent | NoAnswer | None:
        """Run the plan, and return what stopped it early, if anything did."""
        budget = Budget(max_calls=self._max_calls, max_seconds=self._max_seconds, clock=self._clock)
        receiver = Receiver(self._webhook_url, self._clock) if self._webhook_url else None
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(httpx.AsyncClient(trust_env=not self._endpoint.is_local))
            if receiver is not None and self._port is not None:
                await stack.enter_async_context(listening(receiver, self._port))
                await _check_that_it_leads_here(receiver, http)
            target = Target(
                endpoint=self._endpoint,
                api_key=str(self._service.api_key),
                http=http,
                budget=budget,
                clock=self._clock,
                receiver=receiver,
                webhook_secrets=self._webhook_secrets,
            )
            reporter = stack.enter_context(Reporter(self.report, self._path, is_quiet=self._is_quiet))
            try:
                if not self._endpoint.is_chain:
                    await _check_model(target)
                for row, reason in self.plan.left_out:
                    reporter.ended(row, Verdict.not_tried(reason))
                await run_rows(self.plan.rows, target, reporter)
            except (BudgetSpent, NoAnswer) as error:
                return error
            finally:
                self.report.calls += budget.calls
                self.report.write(self._path)  # also after Ctrl-C
        return None


def _chosen(names: Sequence[str]) -> Sequence[Row]:
    known = {row.name: row for row in ROWS}
    if unknown := [name for name in names if name not in known]:
        raise click.UsageError(f"--only: there is no row {unknown[0]!r}; docs/conformance.md lists them")
    return [row for row in ROWS if not names or row.name in names]


def _checked_webhook_url(url: str | None, port: int | None) -> str | None:
    if (url is None) != (port is None):
        raise click.UsageError("--webhook-url and --receive belong together: one leads to the other")
    if url is None:
        return None
    if "?" in url or "#" in url or "@" in url:
        raise click.UsageError("--webhook-url: must not hold a user, a query or a fragment")
    if problem := webhook_url_problem(url, allow_private=True):
        raise click.UsageError(f"--webhook-url: {problem}")
    return url


async def _check_that_it_leads_here(receiver: Receiver, http: httpx.AsyncClient) -> None:
    hook = receiver.hook()
    try:
        status = (await http.post(hook.url, content=b"{}", timeout=30.0)).status_code
    except httpx.RequestError as error:
        raise InvalidSetting("--webhook-url", f"nothing answers there: {error}") from error
    if not hook.deliveries:
        raise InvalidSetting("--webhook-url", f"it answers {status} and does not lead to --receive")


async def _check_model(target: Target) -> None:
    try:
        await target.described()
    except NoAnswer as error:
        raise ConnectionFailed(target.endpoint.base_url, str(error)) from error
    except NotTried as error:
        raise InvalidSetting(
            "the model", f"{error}; the rows need the Truss of examples/conformance, see docs/conformance.md"
        ) from error
