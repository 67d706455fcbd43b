"""Where the tasks of a backtest are done: here, one after another, or by a dask.distributed cluster.

A task is a function of this package and what it is given; how work is cut into tasks doesn't depend on where they are
done, and every task runs with one thread for linear algebra, so that every engine gives the same bits.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from typing import Any, Final, Generic, Protocol, TypeVar

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from anju_ml.cores import one_core
from anju_ml.errors import PredictionError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
CONNECT_WITHIN_S: Final = 30
TRIES: Final = 3
"""So often a task is asked for that is cancelled, as are those whose shared values died with a worker."""


class EngineUnavailableError(PredictionError):
    """The engine that was asked for isn't installed, can't be reached or went away."""


class Task(Protocol[T_co]):
    """Something that is being done."""

    def result(self) -> T_co: ...


class Engine(Protocol):
    """`ahead`: how many tasks may be asked for before the result of the first is wanted."""

    @property
    def ahead(self) -> int: ...

    def share(self, value: Any) -> Any:
        """What stands for `value` as an argument of tasks; sent to each worker once."""

    def submit(self, function: Callable[..., T], *args: Any) -> Task[T]: ...


class _Later:
    """A task that is done when its result is wanted."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self._function, self._args = function, args

    def result(self) -> Any:
        return _alone(self._function, *self._args)


class Here:
    """In this process."""

    ahead = 0

    def share(self, value: Any) -> Any:
        return value

    def submit(self, function: Callable[..., T], *args: Any) -> Task[T]:
        return _Later(function, args)


class _Shared:
    """A value for workers. A cluster soon keeps one copy of it only, so it is sent anew when the worker that had this
    copy has died."""

    def __init__(self, client: Any, value: Any) -> None:
        self._client, self._value = client, value
        self._future: Any = None

    def sent(self) -> Any:
        """What stands for it as an argument of tasks. EngineUnavailableError where no worker takes it."""
        if self._future is None or self._future.status != "finished":
            try:
                self._future = self._client.scatter([self._value], broadcast=True, hash=False)[0]
            except OSError as exc:
                raise EngineUnavailableError(f"no worker of the dask cluster takes a value: {exc}") from exc
        return self._future


class _Elsewhere(Generic[T]):
    """A task on a worker; one that dies is made up for by the others."""

    def __init__(self, client: Any, function: Callable[..., T], args: tuple[Any, ...]) -> None:
        self._client, self._function, self._args = client, function, args
        self._start()

    def _start(self) -> None:
        args = [each.sent() if isinstance(each, _Shared) else each for each in self._args]
        self._future = self._client.submit(_on_one_core, self._function, *args, pure=False)

    def result(self) -> T:
        dask: Any = import_module("distributed")
        try:
            return self._wait()
        except (CancelledError, dask.comm.CommClosedError, dask.KilledWorker) as exc:
            raise EngineUnavailableError(f"the dask cluster lost a task with all that could do it: {exc}") from exc

    def _wait(self) -> T:
        tries_left = TRIES
        while True:
            try:
                found: T = self._future.result()
            except CancelledError:
                tries_left -= 1
                if not tries_left or not self._client.nthreads():
                    raise
                self._start()
            else:
                return found


class Dask:
    """By the workers of a dask.distributed client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @property
    def ahead(self) -> int:
        return 2 * len(self._client.nthreads())

    def share(self, value: Any) -> Any:
        shared = _Shared(self._client, value)
        shared.sent()
        return shared

    def submit(self, function: Callable[..., T], *args: Any) -> Task[T]:
        return _Elsewhere(self._client, function, args)


def _alone(function: Callable[..., T], *args: Any) -> T:
    with threadpool_limits(limits=1, user_api="blas"):
        return function(*args)


def _on_one_core(function: Callable[..., T], *args: Any) -> T:
    """As one of several workers, which have a core each."""
    with one_core():
        return _alone(function, *args)


@contextmanager
def dask_engine(*, address: str | None = None, workers: int | None = None) -> Iterator[Dask]:
    """An engine on the cluster at `address`, or on `workers` processes of this machine (default: one a core).
    EngineUnavailableError where dask.distributed isn't installed or nobody answers."""
    try:
        dask: Any = import_module("distributed")
    except ImportError as exc:
        raise EngineUnavailableError("dask.distributed is not installed; install anju-ml[cluster]") from exc
    if address is None:
        with (
            dask.LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=":0") as found,
            dask.Client(found) as client,
        ):
            yield Dask(client)
        return
    try:
        client = dask.Client(address, timeout=CONNECT_WITHIN_S)
    except (OSError, ValueError) as exc:
        raise EngineUnavailableError(f"no dask scheduler answers at {address}: {exc}") from exc
    with client:
        _check_workers(client, address)
        yield Dask(client)


def _check_workers(client: Any, address: str) -> None:
    """EngineUnavailableError unless there are workers and all of them have this version of the package."""
    own = version("anju-ml")
    try:
        client.wait_for_workers(1, timeout=CONNECT_WITHIN_S)
    except TimeoutError as exc:
        raise EngineUnavailableError(f"the dask scheduler at {address} has no worker") from exc
    said = client.run(version, "anju-ml", on_error="return")
    if others := {str(each) for each in said.values() if each != own}:
        raise EngineUnavailableError(f"workers of {address} have anju-ml {', '.join(sorted(others))}, expected {own}")
