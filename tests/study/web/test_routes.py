"""Each route is shown by the browser tests: `tests/browser/pages.py` knows every page that the router has."""

import pytest
from starlette.routing import Route

from tests.browser.look import inline
from tests.browser.pages import ALL, OTHERS, PAGES
from tests.study.web.conftest import Visit


def reading(visit: Visit) -> dict[str, Route]:
    """Path -> route, for all that answer GET; mounted files are none of them."""
    found: dict[str, Route] = {}

    def walk(listed: list[object]) -> None:
        for route in listed:
            if isinstance(route, Route):
                if "GET" in (route.methods or ()):
                    found[route.path] = route
            elif router := getattr(route, "original_router", None):  # one that is included into the application
                walk(list(router.routes))

    walk(list(visit.client.app.routes))  # type: ignore[attr-defined]
    assert len(found) > 12
    return found


def test_every_route_is_shown(visit: Visit) -> None:
    routes = reading(visit)
    for path in routes:
        assert path in PAGES or path in OTHERS, (
            f"{path}: give it an address in tests/browser/pages.py (PAGES or OTHERS)"
        )
    gone = {*PAGES, *OTHERS} - set(routes) - {"/nowhere"}
    assert not gone, f"tests/browser/pages.py names routes that the router lacks: {sorted(gone)}"


def test_every_address_leads_to_its_route(visit: Visit) -> None:
    for path, route in reading(visit).items():
        for address in [shown.address for shown in PAGES.get(path, ())] or [OTHERS[path]]:
            assert route.path_regex.match(address.partition("?")[0]), f"{address} does not lead to {path}"


def test_what_is_no_page_holds_no_page(visit: Visit) -> None:
    for address in OTHERS.values():
        answer = visit.client.get(address, follow_redirects=False)
        html = "html" in answer.headers.get("content-type", "")
        assert answer.status_code == 404 or not html, f"{address} answers a page: list it in PAGES"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_page_holds_a_style_or_anything_evaluated(visit: Visit, lang: str) -> None:
    for shown in ALL:
        if "{" not in shown.address:
            answer = visit.client.get(f"{shown.address}{'&' if '?' in shown.address else '?'}lang={lang}")
            assert answer.status_code == shown.status, shown.address
            assert inline(answer.text) == [], shown.address
            assert f'<html lang="{lang}"' in answer.text, shown.address
