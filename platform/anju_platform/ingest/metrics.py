"""What ingest counts."""

from collections.abc import Callable
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from anju_platform.ingest.models import Deferred, Outcome


class IngestMetrics:
    """The figures of one ingest, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        counter = partial(Counter, registry=self.registry)
        histogram = partial(Histogram, registry=self.registry)
        self.messages = counter("anju_ingest_messages", "Messages committed")
        self.repeated = counter("anju_ingest_repeated_batches", "Batches that the ledger had already")
        self.samples = counter("anju_ingest_samples", "Readings stored")
        self.events = counter("anju_ingest_events", "Events stored that were new")
        self.letters = counter("anju_ingest_dead_letters", "Dead letters written", ["reason"])
        self.not_kept = counter(
            "anju_ingest_dead_letters_not_kept", "Dead letters beyond the allowance of their gateway", ["reason"]
        )
        self.deferred = counter(
            "anju_ingest_deferred_messages",
            "Messages of gateways beyond their limits, left to be sent again",
            ["reason"],
        )
        self.receipts = counter("anju_ingest_receipts", "Receipts published")
        self.unavailable = counter("anju_ingest_database_unavailable", "Times that the database was not there")
        self.commit_s = histogram("anju_ingest_commit_seconds", "Time of one commit")
        self.group_samples = histogram(
            "anju_ingest_group_samples", "Readings in one commit", buckets=(1, 10, 100, 1e3, 1e4, 1e5)
        )
        self._queues = Gauge(
            "anju_ingest_queued_bytes", "Bytes received but not yet decoded", ["line"], registry=self.registry
        )

    def watch_queue(self, line: str, queued_bytes: Callable[[], float]) -> None:
        self._queues.labels(line).set_function(queued_bytes)

    def count(self, outcome: Outcome) -> None:
        self.messages.inc(len(outcome.messages))
        self.repeated.inc(outcome.repeated)
        self.samples.inc(len(outcome.stored))
        self.events.inc(outcome.events)
        self.group_samples.observe(len(outcome.stored))
        for letter in outcome.letters:
            self.letters.labels(letter.reason).inc()
        for letter in outcome.not_kept:
            self.not_kept.labels(letter.reason).inc()
        for message in outcome.messages:
            if isinstance(message, Deferred):
                self.deferred.labels(message.reason).inc()
