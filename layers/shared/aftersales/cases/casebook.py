"""The casebook: every transition of a case, in one transaction with its outbox record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from aftersales.cases.model import Case, Delivery, case_id_of
from aftersales.cases.routes import targets_for
from aftersales.cases.rules import (
    Change,
    Decision,
    decide_acknowledge,
    decide_open,
    decide_resolve,
)
from aftersales.clock import wall_now
from aftersales.errors import Conflict
from aftersales.findings import Alert, Finding
from aftersales.settings.model import Alerts
from aftersales.tables import cases, outbox
from aftersales.tables.connection import connection

TRIES = 4


class Casebook:
    """All that may happen to a case.

    Every method is safe to repeat: the same finding twice opens one case and sends one alert. Each
    raises `Conflict` where several writers keep winning.
    """

    def __init__(self, alerts: Alerts) -> None:
        self._alerts = alerts

    def open(self, finding: Finding, now: datetime) -> Change:
        """A problem was found: open, escalate, update or ignore, as the rules say."""
        return self._write(lambda: decide_open(cases.of_subject(finding.subject), finding, now))

    def resolve(self, subject: str, kind: str, how: str, now: datetime, by: str = "desk") -> Change:
        """A problem ended: close its case, if it is open, with one solved message."""
        return self._write(lambda: decide_resolve(cases.get(subject, kind), how, now, by))

    def acknowledge(self, subject: str, kind: str, who: str, now: datetime) -> Change:
        """An agent takes the case."""
        return self._write(lambda: decide_acknowledge(cases.get(subject, kind), who, now))

    def _write(self, decide: Callable[[], Decision]) -> Change:
        for _ in range(TRIES):
            decision = decide()
            if decision.case is None:
                return decision.change
            decision = self._with_own_id(decision)
            try:
                self._commit(decision)
            except TransactWriteError as exc:
                reasons = {r.code for r in exc.cancellation_reasons if r is not None}
                if reasons <= {"ConditionalCheckFailed", "TransactionConflict"} and reasons:
                    continue
                raise
            return decision.change
        raise Conflict("the same case is being changed by others all the time")

    def _commit(self, decision: Decision) -> None:
        assert decision.case is not None  # noqa: S101 - checked by the only caller
        with TransactWrite(connection=connection()) as transaction:
            cases.write(transaction, decision.case)
            for superseded in decision.superseded:
                cases.write(transaction, superseded)
            if decision.alert is not None:
                for delivery in self._deliveries(decision.alert):
                    outbox.put(transaction, delivery)

    def _deliveries(self, alert: Alert) -> list[Delivery]:
        return [
            Delivery(
                delivery_id=f"{alert.alert_id}:{target}",
                target=target,
                alert=alert,
                created_at=alert.at,
                wall_created_at=wall_now(),
            )
            for target in dict.fromkeys(targets_for(self._alerts, alert))
        ]

    def _with_own_id(self, decision: Decision) -> Decision:
        """Two of a million cases may get the same eight letters; the later one takes others."""
        case = decision.case
        if case is None or case.version or decision.alert is None:
            return decision
        attempt = 0
        case_id = case.case_id
        while (holder := cases.by_id(case_id)) is not None and not _same(holder, case):
            attempt += 1
            case_id = case_id_of(case.kind, case.subject, attempt)
        if case_id == case.case_id:
            return decision
        alert = replace(decision.alert, case_id=case_id, alert_id=f"{case_id}-{case.alerts}")
        return replace(decision, case=replace(case, case_id=case_id), alert=alert)


def _same(one: Case, other: Case) -> bool:
    return (one.kind, one.subject) == (other.kind, other.subject)
