"""The two languages of the pages: Chinese first, English by a switch that a cookie remembers."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from fastapi import Request, Response

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
COOKIE = "anju_lang"
COOKIE_AGE_S = 365 * 24 * 3600


def language_of(request: Request) -> Language:
    """`?lang=` where it is given, else the cookie, else Chinese."""
    for wish in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        for language in LANGUAGES:
            if wish == language:
                return language
    return "zh"


def remember_language(request: Request, response: Response) -> None:
    if request.query_params.get("lang") in LANGUAGES:
        response.set_cookie(COOKIE, language_of(request), max_age=COOKIE_AGE_S, samesite="lax", httponly=True, path="/")


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Every text of the pages by key: `{"ticket.accept": {"zh": …, "en": …}}`."""
    source = tomllib.loads(files(__package__).joinpath("texts.toml").read_text(encoding="utf-8"))
    return {f"{group}.{name}": text for group, texts in source.items() for name, text in texts.items()}


@dataclass(frozen=True, slots=True)
class Texts:
    """The catalogue in one language; in a template `t("ticket.open", n=3)`."""

    language: Language

    def __call__(self, key: str, **values: object) -> str:
        """The text of `key` with `values` put in; KeyError for a key that the catalogue hasn't."""
        return catalogue()[key][self.language].format(**values)

    def known(self, key: str, otherwise: str) -> str:
        """The text of `key` where there is one: for names that come from data."""
        entry = catalogue().get(key)
        return entry[self.language] if entry else otherwise
