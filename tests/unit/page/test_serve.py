"""The page as it is served: headers, caching, and that it takes nothing away from the rest of the embedded run."""

import re
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path

import httpx
import pytest

from functions.embedded import create_app
from functions.runtime.settings import Settings
from tests.support.fakes import client_of

FOLDER = files("functions.page")
NAMES = sorted(file.name for file in FOLDER.iterdir() if file.name.endswith((".js", ".css", ".svg")))
MODULES = [name for name in NAMES if name.endswith(".js")]
BYTES = 90_000  # all of the page, before any compression: as much as one photograph


def text(name: str) -> str:
    return (FOLDER / name).read_text()


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(create_app(tmp_path, Settings(auth="off"))) as made:
        yield made


@pytest.mark.parametrize("path", ["/", *(f"/page/{name}" for name in NAMES)])
async def test_a_file_of_the_page_is_served_with_a_strict_policy(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/", "text/html"), ("/page/app.js", "text/javascript"), ("/page/style.css", "text/css")],
)
async def test_a_file_of_the_page_says_what_it_is(client: httpx.AsyncClient, path: str, kind: str) -> None:
    assert (await client.get(path)).headers["content-type"] == f"{kind}; charset=utf-8"


async def test_a_file_that_the_browser_holds_is_not_sent_again(client: httpx.AsyncClient) -> None:
    first = await client.get("/page/app.js")
    again = await client.get("/page/app.js", headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    other = await client.get("/page/style.css", headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200


async def test_head_answers_as_get_does(client: httpx.AsyncClient) -> None:
    got, head = await client.get("/"), await client.head("/")
    assert (head.status_code, head.headers) == (got.status_code, got.headers)


@pytest.mark.parametrize("path", ["/page/", "/page/serve.py", "/page/../embedded.py", "/page/%2e%2e%2fembedded.py"])
async def test_what_is_no_file_of_the_page_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["title"]) == (404, "Not found")


async def test_other_methods_on_the_page_are_refused_with_what_is_allowed(client: httpx.AsyncClient) -> None:
    answer = await client.post("/", json={})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_page_leaves_the_answers_of_other_paths_alone(client: httpx.AsyncClient) -> None:
    assert (await client.get("/nothing")).json()["title"] == "Not found"
    wrong = await client.get("/update-progress")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")


async def test_the_page_is_not_in_the_openapi(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    assert not [path for path in paths if path == "/" or path.startswith("/page")]


def test_the_start_loads_every_module_at_once() -> None:
    preloaded = re.findall(r'rel="modulepreload" href="/page/(\w+\.js)"', text("index.html"))
    assert sorted([*preloaded, "app.js"]) == MODULES


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_used(name: str) -> None:
    importing = [other for other in MODULES if f'from "./{name}"' in text(other)]
    assert importing or name == "app.js"


@pytest.mark.parametrize("name", ["index.html", *NAMES])
def test_nothing_is_fetched_from_elsewhere_or_written_inline(name: str) -> None:
    found = text(name).replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"(src|href|url|from|import)\W{1,3}(https?:)?//", found)
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=\"|\sstyle=\"", found)
    assert not re.search(r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval)\b", found)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_short_and_says_why_it_exists(name: str) -> None:
    lines = text(name).splitlines()
    assert lines[0].startswith("// ")
    assert len(lines) <= 150
    assert max(map(len, lines)) <= 120


def test_the_whole_page_is_small() -> None:
    assert sum(len(text(name).encode()) for name in ["index.html", *NAMES]) < BYTES
