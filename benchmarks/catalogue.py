"""Every benchmark, and the function that runs it. A module is imported when its benchmark runs."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module

from benchmarks.figures import Absent, Figure, NotMeasuredError
from benchmarks.stage import Bench

Run = Callable[[Bench], Iterable[Figure | Absent]]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """`where` is `module:function` below this package; the function yields Figures, and Absents."""

    name: str
    title: str
    where: str

    def run(self, bench: Bench) -> Iterator[Figure | Absent]:
        module, _, function = self.where.partition(":")
        try:
            found = import_module(f"benchmarks.{module}")
        except ModuleNotFoundError as exc:
            raise NotMeasuredError(f"needs {exc.name}, which is not here") from exc
        run: Run = getattr(found, function)
        yield from run(bench)


CATALOGUE = (
    Benchmark("ingest_500", "ingest, batches of 500 points, beside binary COPY", "ingest:run_500"),
    Benchmark("ingest_1", "ingest, batches of 1 point, beside a bare paho subscriber", "ingest:run_1"),
    Benchmark("outbox", "the gateway's outbox alone, beside a plain sqlite3 loop", "outbox:run"),
    Benchmark(
        "gateway", "the gateway from its local listener to the receipt: speed, size, backlog, kill -9", "gateway:run"
    ),
    Benchmark("thingsboard", "thingsboard-gateway 3.8.5 beside ours, with the same devices", "thingsboard:run"),
    Benchmark(
        "alarm", "from a device's message to the ticket and its notification, idle and under backfill", "alarm:run"
    ),
    Benchmark("storage", "bytes a point on disk and the pages' queries as the table grows", "storage:run"),
    Benchmark("scale", "CPU and memory by communities; points a second by ingest workers", "scale:run"),
    Benchmark("prediction", "features, training and scoring", "prediction:run"),
)


def chosen(only: Iterable[str]) -> list[Benchmark]:
    """The benchmarks of these names, or all for none; `ingest` means every one that begins so. KeyError for a name
    that means nothing."""
    wanted = list(only)
    for name in wanted:
        if not any(_means(name, one) for one in CATALOGUE):
            raise KeyError(name)
    return [one for one in CATALOGUE if not wanted or any(_means(name, one) for name in wanted)]


def _means(name: str, one: Benchmark) -> bool:
    return one.name == name or one.name.startswith(f"{name}_")
