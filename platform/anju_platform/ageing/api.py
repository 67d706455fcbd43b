"""REST: how the assets of a community age, and the budget of the coming years."""

from fastapi import APIRouter, Request, Response

from anju_platform.ageing.export import budget_csv
from anju_platform.ageing.models import AgeingOfCommunity
from anju_platform.ageing.service import ageing_of
from anju_platform.assets.lists import get_community
from anju_platform.scoring.policy import load_policy
from anju_platform.web.context import Conn, Now, context_of
from anju_platform.web.fields import CommunityId
from anju_platform.web.problems import problem_responses

router = APIRouter(tags=["ageing"], responses=problem_responses(404, 422, 503))


@router.get("/communities/{community}/ageing", summary="How its assets age, those that are due first")
def ageing(*, request: Request, conn: Conn, now: Now, community: CommunityId) -> AgeingOfCommunity:
    found = get_community(conn, community)
    policy = load_policy(context_of(request).settings.policy_file)
    return ageing_of(conn, found.id, as_of=now, policy=policy)


@router.get(
    "/communities/{community}/budget.csv",
    summary="The budget of the coming years, one line an asset",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
def budget(*, request: Request, conn: Conn, now: Now, community: CommunityId) -> Response:
    found = ageing(request=request, conn=conn, now=now, community=community)
    name = f"{community}-budget-{now:%Y-%m-%d}.csv"
    return Response(
        budget_csv(found), media_type="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
