"""Which point id belongs to a name: the registry of each community, remembered by one ingest."""

from collections.abc import Iterable, Mapping

import psycopg

from anju_contracts.senml import split_sample_name
from anju_platform.storage.queries import load_queries

QUERIES = load_queries("anju_platform.ingest")
_NONE: Mapping[str, int] = {}


class PointDirectory:
    """Read by the decoding thread, written by the committing one: a community's mapping is replaced as a whole.

    It may lag behind the registry; whoever stores a sample of a point that isn't here looks it up once more.
    """

    def __init__(self) -> None:
        self._ids: dict[str, Mapping[str, int]] = {}
        self._assets: dict[str, frozenset[str]] = {}

    def of(self, community: str) -> Mapping[str, int]:
        """Point ids by `asset/point`."""
        return self._ids.get(community, _NONE)

    def assets_of(self, community: str) -> frozenset[str]:
        """Names of the assets that have points."""
        return self._assets.get(community, frozenset())

    def load(self, conn: psycopg.Connection, communities: Iterable[str] | None = None) -> None:
        """Read the registry of `communities` anew. Of all where None is given, and then nothing else is known any more:
        the database may be another one."""
        wanted = None if communities is None else sorted(communities)
        found: dict[str, dict[str, int]] = {name: {} for name in wanted or ()}
        for community, name, point_id in conn.execute(QUERIES["point_ids"], {"communities": wanted}):
            found.setdefault(community, {})[name] = point_id
        assets = {community: frozenset(split_sample_name(name)[0] for name in ids) for community, ids in found.items()}
        if wanted is None:
            self._ids, self._assets = {}, {}
        self._ids.update(found)
        self._assets.update(assets)


def find_points(conn: psycopg.Connection, community: str, names: Iterable[str]) -> dict[str, int]:
    """Point ids by `asset/point` of those of `names` that the registry has now."""
    params = {"community": community, "names": sorted(set(names))}
    return dict(conn.execute(QUERIES["find_points"], params).fetchall())


def find_assets(conn: psycopg.Connection, community: str, codes: Iterable[str]) -> dict[str, int]:
    """Asset ids by the asset's name of those of `codes` that the registry has now."""
    params = {"community": community, "codes": sorted(set(codes))}
    return dict(conn.execute(QUERIES["find_assets"], params).fetchall())
