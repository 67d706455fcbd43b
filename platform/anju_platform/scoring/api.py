"""REST: predictions and models."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from anju_contracts.names import NAME_PATTERN
from anju_platform.assets.lists import Window, get_asset, get_community
from anju_platform.scoring.lists import list_models, list_predictions
from anju_platform.scoring.precision import Precision, precision_of
from anju_platform.scoring.views import ModelView, PredictionView
from anju_platform.web.context import Conn, Now
from anju_platform.web.cursor import decode_id_cursor, decode_moment_cursor
from anju_platform.web.fields import AssetKey, CommunityId, InCommunity, OfAsset, Since, Until
from anju_platform.web.paging import DEFAULT_LIMIT, CursorText, Limit, Page, page_of
from anju_platform.web.problems import problem_responses

router = APIRouter(tags=["predictions"], responses=problem_responses(422, 503))

Component = Annotated[
    str | None,
    Query(pattern=NAME_PATTERN, max_length=64, description="Only of this component", examples=["door_operator"]),
]


@router.get("/predictions", summary="Predictions, newest first")
def predictions(
    *,
    conn: Conn,
    community: InCommunity = None,
    asset: OfAsset = None,
    component: Component = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Page[PredictionView]:
    rows = list_predictions(
        conn,
        community=community,
        asset=asset,
        component=component,
        window=Window(since, until),
        after=decode_moment_cursor("predictions", cursor),
        limit=limit + 1,
    )
    return page_of("predictions", rows, limit, lambda row: (row.as_of, row.id))


@router.get(
    "/assets/{asset}/predictions", summary="Predictions of an asset, newest first", responses=problem_responses(404)
)
def asset_predictions(
    *,
    conn: Conn,
    asset: AssetKey,
    component: Component = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Page[PredictionView]:
    key = get_asset(conn, asset).key
    after = decode_moment_cursor("predictions", cursor)
    rows = list_predictions(
        conn, asset=key, component=component, window=Window(since, until), after=after, limit=limit + 1
    )
    return page_of("predictions", rows, limit, lambda row: (row.as_of, row.id))


@router.get("/models", summary="Trained models with their metrics, newest first")
def models(
    *,
    conn: Conn,
    role: Annotated[Literal["champion", "challenger", "retired", "refused"] | None, Query()] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Page[ModelView]:
    rows = list_models(conn, role=role, after=decode_id_cursor("models", cursor), limit=limit + 1)
    return page_of("models", rows, limit, lambda row: (row.id,))


@router.get(
    "/communities/{community}/precision",
    summary="How often visits for foreseen failures were needed, by component and by model",
    responses=problem_responses(404),
)
def precision(*, conn: Conn, now: Now, community: CommunityId) -> Precision:
    return precision_of(conn, get_community(conn, community).id, now=now)
