"""What a process measures of itself: kept in its memory, and shown to others with its beat.

Names and units follow prometheus.io/docs/practices/naming; docs/metrics.md is the list for people.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

disable_created_metrics()  # a series more for each other one, which tells what mailing_process_start_time_seconds does

REGISTRY = CollectorRegistry()

_OF_A_TRANSACTION = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_OF_A_REQUEST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Upper bounds in seconds."""

ENROLMENT = Histogram(
    "mailing_enrolment_duration_seconds", "Fixing one piece of an audience, of up to 20,000 clients.",
    buckets=_OF_A_TRANSACTION, registry=REGISTRY,
)  # fmt: skip
CLAIM = Histogram(
    "mailing_claim_duration_seconds", "Claiming due messages for the free seats, in one transaction.",
    buckets=_OF_A_TRANSACTION, registry=REGISTRY,
)  # fmt: skip
RECORD = Histogram(
    "mailing_record_duration_seconds", "Recording what came of messages, a batch in one transaction.",
    buckets=_OF_A_TRANSACTION, registry=REGISTRY,
)  # fmt: skip
LAG = "mailing_scheduler_lag_seconds"
LATENESS = Gauge(
    LAG, "By how much the next run of a job is late; a run that takes long counts too.",
    ["job"], registry=REGISTRY,
)  # fmt: skip
REQUESTS = Counter(
    "mailing_http_requests", "Requests answered, by the rule of their address.",
    ["route", "method", "status"], registry=REGISTRY,
)  # fmt: skip
REQUEST_DURATION = Histogram(
    "mailing_http_request_duration_seconds", "From a request to the head of its answer, by the rule of its address.",
    ["route"], buckets=_OF_A_REQUEST, registry=REGISTRY,
)  # fmt: skip
DISK_FREE = Gauge(
    "mailing_disk_free_bytes", "What a disk has left for this process.", ["place"], registry=REGISTRY
)  # fmt: skip
DISK_SIZE = Gauge("mailing_disk_size_bytes", "The size of that disk.", ["place"], registry=REGISTRY)

ProcessCollector("mailing", registry=REGISTRY)
