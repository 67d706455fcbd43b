"""Pages: which model is at work, how good it is, and why none opens tickets where none does."""

from fastapi import APIRouter, Request, Response

from anju_platform.assets.lists import get_community
from anju_platform.scoring.lists import list_models
from anju_platform.scoring.precision import precision_of
from anju_platform.web.context import Conn, Now
from anju_platform.web.fields import CommunityId
from anju_platform.web.render import render

router = APIRouter(include_in_schema=False)
MAX_MODELS = 12


@router.get("/c/{community}/model")
def model(*, request: Request, conn: Conn, now: Now, community: CommunityId) -> Response:
    found = get_community(conn, community)
    models = list_models(conn, limit=MAX_MODELS)
    champion = next(iter(list_models(conn, role="champion", limit=1)), None)
    values = {
        "community": found,
        "champion": champion,
        "models": models,
        "precision": precision_of(conn, found.id, now=now),
    }
    return render(request, "model.html", values, zone=found.timezone)
