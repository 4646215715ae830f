"""The figures of a process: as its row keeps them, and as Prometheus reads those of all processes together."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from prometheus_client import Metric
from prometheus_client.samples import Sample

from mailing_app.models import Process
from mailing_app.pulse.instruments import LAG, REGISTRY

PLAN = "plan"
"""The job that enrols, settles and sweeps."""

BOUND = "le"
"""The label that tells the classes of a histogram apart (prometheus.io/docs/concepts/metric_types)."""


def taken() -> list[Any]:
    """All that this process has measured up to now, in the form of `Process.figures`.

    A list of `[name, type, meaning, parts, [[labels, values], …]]`: the parts of a family, a histogram's classes for
    one, are named once and not with every row, which would make it ten times as long.
    """
    return [_written(metric) for metric in REGISTRY.collect() if metric.samples]


def families(processes: Iterable[Process]) -> Iterator[Metric]:
    """The figures of these processes as families, each series with the `process` that it is of."""
    merged: dict[str, Metric] = {}
    for process in processes:
        for name, kind, meaning, parts, rows in process.figures:
            metric = merged.setdefault(name, Metric(name, meaning, kind))
            for labels, values in rows:
                _add(metric, {"process": str(process.id)} | labels, parts, values)
    yield from merged.values()


def lateness(processes: Iterable[Process]) -> float | None:
    """By how many seconds the plan of any of these processes is late at most, as their last beats showed it.

    None where none of them plans. An import may take as long as it likes, so the other jobs say nothing of the whole.
    """
    jobs = (sample for metric in families(processes) if metric.name == LAG for sample in metric.samples)
    return max((sample.value for sample in jobs if sample.labels["job"] == PLAN), default=None)


def _written(metric: Metric) -> list[Any]:
    parts: dict[tuple[str, str], None] = {}
    rows: dict[tuple[tuple[str, str], ...], list[float]] = {}
    for sample in metric.samples:
        labels = dict(sample.labels)
        parts[sample.name.removeprefix(metric.name), labels.pop(BOUND, "")] = None
        rows.setdefault(tuple(labels.items()), []).append(_short(sample.value))
    by_labels = [[dict(key), row] for key, row in rows.items()]
    return [metric.name, metric.type, metric.documentation, list(parts), by_labels]


def _add(metric: Metric, labels: dict[str, str], parts: Sequence[Sequence[str]], values: Sequence[float]) -> None:
    for (suffix, bound), value in zip(parts, values, strict=True):
        metric.samples.append(Sample(metric.name + suffix, labels | ({BOUND: bound} if bound else {}), value))


def _short(value: float) -> float:
    return int(value) if value == int(value) else round(value, 6)
