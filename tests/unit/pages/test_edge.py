"""The middlewares every answer passes: headers, Host rule, error edge, static files."""

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from xerus.clock import SystemClock
from xerus.errors import LimitReached, NotConfigured
from xerus.pages.assets import Assets
from xerus.pages.errors import ErrorEdge, pass_on
from xerus.pages.headers import SecurityHeaders
from xerus.pages.hosts import HostRule
from xerus.pages.rendering import Pages

HTML = {"Accept": "text/html"}


async def fine(request: Request) -> Response:
    return PlainTextResponse(request.url.path)


async def crash(request: Request) -> Response:
    raise RuntimeError("secret-in-a-traceback")


async def unset(request: Request) -> Response:
    raise NotConfigured("<b>No</b> client id.", hint="Set IT.", debug="secret-debug")


async def limited(request: Request) -> Response:
    raise LimitReached("Too many.", retry_after=7)


def client(public_url: str = "http://localhost:8000", base: str = "") -> httpx2.AsyncClient:
    assets = Assets()
    paths = {"/fine": fine, "/crash": crash, "/unset": unset, "/limited": limited, "/mcp": fine}
    probes = {"/healthz": fine, "/readyz": fine, "/metrics": fine}
    app = Starlette(
        routes=[assets.route(), *(Route(path, f) for path, f in {**paths, **probes}.items())],
        exception_handlers={HTTPException: pass_on},
        middleware=[
            Middleware(SecurityHeaders, https=public_url.startswith("https:")),
            Middleware(HostRule, public_url=public_url),
            Middleware(ErrorEdge, pages=Pages(assets=assets, clock=SystemClock())),
        ],
    )
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=base or public_url)


async def test_every_answer_has_the_security_headers() -> None:
    async with client() as http:
        for path in ("/fine", "/crash", "/unset", "/nothing", "/static/css/base.css"):
            headers = (await http.get(path, headers=HTML)).headers
            assert "unsafe" not in headers["content-security-policy"]
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert "require-trusted-types-for 'script'" in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cross-origin-opener-policy"] == "same-origin"
            assert headers["referrer-policy"] == "same-origin"
            assert "strict-transport-security" not in headers


async def test_https_is_promised_on_https_only() -> None:
    async with client("https://xerus.example") as http:
        assert "max-age" in (await http.get("/fine")).headers["strict-transport-security"]


async def test_each_page_has_a_nonce_of_its_own() -> None:
    async with client() as http:
        first, second = [await http.get("/unset", headers=HTML) for _ in range(2)]
    assert first.headers["content-security-policy"] != second.headers["content-security-policy"]
    nonce = first.headers["content-security-policy"].split("'nonce-")[1].split("'")[0]
    assert f'nonce="{nonce}"' in first.text


async def test_a_crash_shows_no_detail_and_a_reference() -> None:
    async with client() as http:
        page = await http.get("/crash", headers=HTML)
        data = await http.get("/crash")
    assert page.status_code == data.status_code == 500
    assert "secret-in-a-traceback" not in page.text + data.text
    assert len(data.json()["error"]["correlation_id"]) == 12
    assert "Reference for support" in page.text


async def test_an_error_is_escaped_and_keeps_its_debug_to_itself() -> None:
    async with client() as http:
        page = await http.get("/unset", headers=HTML)
    assert page.status_code == 503
    assert "&lt;b&gt;No&lt;/b&gt; client id." in page.text
    assert "secret-debug" not in page.text


async def test_the_json_shape_of_an_error_is_one() -> None:
    async with client() as http:
        for path in ("/unset", "/nothing", "/crash", "/limited"):
            body = (await http.get(path)).json()
            assert set(body) == {"error"}
            assert set(body["error"]) == {"code", "message", "hint", "correlation_id"}


async def test_an_unknown_address_is_a_page_with_a_way_on() -> None:
    async with client() as http:
        answer = await http.get("/nothing", headers=HTML)
    assert answer.status_code == 404
    assert "Page not found" in answer.text


async def test_a_wrong_method_says_which_are_right() -> None:
    async with client() as http:
        answer = await http.post("/fine")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


async def test_a_limit_says_when_to_come_back() -> None:
    async with client() as http:
        answer = await http.get("/limited")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


@pytest.mark.parametrize("name", ["127.0.0.1:8000", "[::1]:8000", "127.0.0.1:9999"])
async def test_a_page_on_another_loopback_name_is_redirected(name: str) -> None:
    async with client(base=f"http://{name}") as http:
        answer = await http.get("/fine?a=1%202")
    assert answer.status_code == 307
    assert answer.headers["location"] == "http://localhost:8000/fine?a=1%202"


@pytest.mark.parametrize("path", ["//evil.example/x", "/%5Cevil.example", "/\\evil.example"])
async def test_the_redirect_never_leads_elsewhere(path: str) -> None:
    async with client(base="http://127.0.0.1:8000") as http:
        answer = await http.get(f"http://127.0.0.1:8000{path}")
    assert answer.status_code == 307
    assert answer.headers["location"].startswith("http://localhost:8000/")


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost:8001.evil.example", "localhost.evil.example:8000", "", "[::1"],
)
async def test_any_other_host_is_misdirected(host: str) -> None:
    async with client() as http:
        answer = await http.get("/fine", headers={"Host": host})
    assert answer.status_code == 421
    assert answer.json()["error"]["code"] == "misdirected_request"


async def test_another_loopback_name_is_no_way_for_posts_and_clients() -> None:
    async with client(base="http://127.0.0.1:8000") as http:
        assert (await http.post("/fine")).status_code == 421
        assert (await http.get("/mcp")).status_code == 421


@pytest.mark.parametrize("second", ["evil.example", "localhost:8000"])
async def test_request_with_two_hosts_is_refused_whichever_comes_first(second: str) -> None:
    for hosts in (["localhost:8000", second], [second, "localhost:8000"]):
        async with client() as http:
            answer = await http.get("/fine", headers=[("Host", host) for host in hosts])
        assert answer.status_code == 421


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_probes_answer_under_any_host(path: str) -> None:
    async with client() as http:
        assert (await http.get(path, headers={"Host": "10.0.0.7:8000"})).status_code == 200


async def test_the_default_port_may_be_left_out_or_named() -> None:
    async with client("https://xerus.example") as http:
        assert (await http.get("/fine", headers={"Host": "Xerus.Example:443"})).status_code == 200
        assert (await http.get("/fine", headers={"Host": "xerus.example:80"})).status_code == 421


async def test_static_files_are_kept_for_ever_under_their_hash_only() -> None:
    address = Assets().url("css/base.css")
    async with client() as http:
        hashed, plain = await http.get(address), await http.get("/static/css/base.css")
        again = await http.get(address, headers={"If-None-Match": hashed.headers["etag"]})
    assert "immutable" in hashed.headers["cache-control"]
    assert "immutable" not in plain.headers["cache-control"]
    assert hashed.headers["content-encoding"] == "gzip"
    assert again.status_code == 304


@pytest.mark.parametrize("name", ["../rendering.py", "..%2Frendering.py", "vendor/VERSIONS.md", ""])
async def test_nothing_but_the_static_files_is_served(name: str) -> None:
    async with client() as http:
        assert (await http.get(f"/static/{name}")).status_code == 404
