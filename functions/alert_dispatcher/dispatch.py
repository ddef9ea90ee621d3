"""Claim, send, record: one delivery at a time.

A crash before the claim changes nothing; between claim and send, the claim runs out and the sweep
delivers; between send and record, one message may come twice. That last one is the only window.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from aftersales.cases.model import Delivery
from aftersales.cases.routes import targets_for
from aftersales.channels.base import Channel, Outcome, OutcomeKind
from aftersales.errors import Misconfigured
from aftersales.findings import Alert, Finding, Severity, Transition
from aftersales.http import Transport
from aftersales.messages.base import Message
from aftersales.settings.model import Settings, Target
from aftersales.tables import outbox, targets
from alert_dispatcher.rules import Next, Verdict, is_ready, judge

if TYPE_CHECKING:
    from aftersales.cases.casebook import Casebook

CLAIM_SECONDS = 60.0
"""Longer than a send may take (connect 3 s, read 5 s, one plain repeat)."""


@dataclass
class Dispatcher:
    """Sends deliveries. `wall_now` and `business_now` are the two clocks."""

    settings: Settings
    transport: Transport
    resolve: Callable[[str], str]
    wall_now: Callable[[], datetime]
    business_now: Callable[[], datetime]
    owner: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    jitter: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        self._channels: dict[str, Channel] = {}
        self._blocked: dict[str, datetime] = {}

    @cached_property
    def _casebook(self) -> Casebook:
        # Needed only when a target fails: most runs start without it.
        from aftersales.cases.casebook import Casebook

        return Casebook.of(self.settings)

    def deliver_all(self, deliveries: Iterable[Delivery], until: datetime) -> Counter[str]:
        """Deliver what is ready until real time `until`. Returns counts of named outcomes."""
        tally: Counter[str] = Counter()
        for delivery in deliveries:
            if self.wall_now() >= until:
                tally["left_for_next_run"] += 1
            else:
                tally[self.deliver(delivery)] += 1
        return tally

    def deliver(self, delivery: Delivery) -> str:
        """One delivery; returns a named outcome: sent, retry, give_up, waiting, blocked, taken,
        no_target."""
        now = self.wall_now()
        if not is_ready(delivery, now):
            return "waiting"
        name = self._target_name(delivery)
        if name is None:
            return "no_target"
        if self._is_blocked(name, now):
            return "blocked"
        claimed = outbox.claim(delivery, self.owner, now, CLAIM_SECONDS)
        if claimed is None:
            return "taken"
        outcome = self._send(name, claimed.alert)
        now = self.wall_now()
        verdict = judge(claimed, outcome, now, self.settings.alerts.give_up_hours, self.jitter())
        self._record(claimed, name, outcome, verdict, now)
        return verdict.next.value

    def _target_name(self, delivery: Delivery) -> str | None:
        """The delivery's target, or, where the settings name it no longer, today's route."""
        known = self.settings.alerts.targets
        if delivery.target in known:
            return delivery.target
        today = targets_for(self.settings.alerts, delivery.alert)
        return next((name for name in today if name in known), None)

    def _is_blocked(self, name: str, now: datetime) -> bool:
        until = self._blocked.get(name)
        if until is None or until <= now:
            until = targets.blocked_until(name)
            if until is not None:
                self._blocked[name] = until
        return until is not None and until > now

    def _send(self, name: str, alert: Alert) -> Outcome:
        try:
            channel = self._channel(name)
        except Misconfigured as exc:
            return Outcome(OutcomeKind.BAD_CONFIG, "settings", str(exc))
        message = self._message(alert, self.settings.alerts.targets[name])
        return channel.send(message, self.wall_now())

    def _channel(self, name: str) -> Channel:
        if name not in self._channels:
            from aftersales.channels.registry import build_channel

            target = self.settings.alerts.targets[name]
            self._channels[name] = build_channel(target, self.resolve, self.transport)
        return self._channels[name]

    def _message(self, alert: Alert, target: Target) -> Message:
        from aftersales.messages.render import render

        shop = self.settings.shop(alert.shop_id)
        # Bad news calls people by name; good news does not.
        calls = alert.severity.rank >= Severity.ALARM.rank and (
            alert.transition is not Transition.SOLVED
        )
        order_id = str(alert.facts.get("order_ids") or "").split(",")[0].strip()
        return render(
            alert,
            language=target.language or shop.language or self.settings.language,
            time_zone=shop.time_zone or self.settings.time_zone,
            shop_name=shop.name or shop.id,
            now=self.business_now(),
            desk_url=self.settings.alerts.desk_url,
            order_url=shop.order_url.replace("{order_id}", order_id) if order_id else "",
            mentions=target.mentions if calls else (),
        )

    def _record(
        self, delivery: Delivery, name: str, outcome: Outcome, verdict: Verdict, now: datetime
    ) -> None:
        said = f"{outcome.kind} {outcome.code} {outcome.detail}".strip()[:200]
        if verdict.block_until is not None:
            self._blocked[name] = verdict.block_until
            targets.block(name, verdict.block_until)
        if verdict.next is Next.SENT:
            outbox.record_sent(delivery, now, said)
            if delivery.attempts > 1:
                self._casebook.resolve(
                    f"target:{name}", "target_failing", "works_again", self.business_now()
                )
            return
        # Operators are told before the attempt is recorded: a crash in between tells them again
        # (the casebook knows the case), never not at all.
        if verdict.tell_operators:
            self._tell_operators(name, outcome)
        if verdict.next is Next.GIVE_UP:
            outbox.record_failed(delivery, now, said)
        else:
            outbox.release(delivery, self.owner, verdict.not_before or now, said)

    def _tell_operators(self, name: str, outcome: Outcome) -> None:
        finding = Finding(
            kind="target_failing",
            subject=f"target:{name}",
            severity=Severity.CRITICAL,
            shop_id="",
            facts={
                "target": name,
                "code": outcome.code or outcome.kind.value,
                "message": outcome.detail[:120] or None,
            },
        )
        self._casebook.open(finding, self.business_now())


def oldest_age(deliveries: Iterable[Delivery], now: datetime) -> timedelta:
    """How long the oldest pending delivery has been waiting."""
    return max((now - d.wall_created_at for d in deliveries), default=timedelta(0))
