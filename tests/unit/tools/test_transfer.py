"""Files over the transport: forms, and the media host that Cloud sends on to."""

import pytest

from tests.unit.tools.fakes import FakeCredentials, FixedClock, ScriptedEgress, reply, target
from xerus.atlassian.credentials import Deployment, ScopeMissing
from xerus.atlassian.errors import AtlassianRefused
from xerus.atlassian.limits import AtlassianLimits
from xerus.atlassian.transport import Transport
from xerus.atlassian.uploads import upload
from xerus.egress.client import Egress, Reply
from xerus.errors import EgressRefused, UpstreamUnavailable

_CONTENT = "/rest/api/3/attachment/content/{id}"
_MEDIA = "https://media.example/file/1?token=t"


def transport(egress: Egress) -> Transport:
    return Transport(
        egress=egress,
        credentials=FakeCredentials(),
        limits=AtlassianLimits(clock=FixedClock()),
        clock=FixedClock(),
    )


async def downloaded(
    egress: Egress, deployment: Deployment = Deployment.CLOUD, scopes: frozenset[str] | None = None
) -> Reply:
    where = target(deployment=deployment, scopes=scopes)
    return await transport(egress).transfer(
        where, "GET", _CONTENT, path={"id": "1"}, scope="read:jira-work"
    )


async def test_the_media_host_never_sees_our_token() -> None:
    egress = ScriptedEgress(reply(303, Location=_MEDIA), reply(200, b"bytes"))
    assert (await downloaded(egress)).body == b"bytes"
    first, second = egress.sent
    assert first.headers["Authorization"] == "Bearer first"
    assert second.url == _MEDIA
    assert "Authorization" not in second.headers


async def test_further_redirects_are_followed_but_not_for_ever() -> None:
    egress = ScriptedEgress(*(reply(302, Location=_MEDIA) for _ in range(9)))
    with pytest.raises(UpstreamUnavailable, match="does not give it"):
        await downloaded(egress)
    assert len(egress.sent) == 4


async def test_a_media_host_that_refuses_is_not_taken_for_a_lost_connection() -> None:
    egress = ScriptedEgress(reply(303, Location=_MEDIA), reply(401))
    with pytest.raises(UpstreamUnavailable, match="does not give it"):
        await downloaded(egress)


async def test_data_center_is_not_followed_anywhere() -> None:
    egress = ScriptedEgress(reply(302, Location="https://login.example/"))
    with pytest.raises(AtlassianRefused, match="redirect"):
        await downloaded(egress, Deployment.DATA_CENTER)
    assert len(egress.sent) == 1


@pytest.mark.parametrize(
    "location",
    ["https://evil.example/", "file:///etc/passwd", "//evil.example/x", "http:x", "//[::1"],
)
async def test_a_place_that_egress_does_not_allow_is_not_called(location: str) -> None:
    class Guarded(ScriptedEgress):
        async def request(self, method: str, url: str, **rest: object) -> Reply:
            if self.sent:
                return await Egress.request(self, method, url)
            return await super().request(method, url)

    with pytest.raises(EgressRefused):
        await downloaded(Guarded(reply(303, Location=location)))


async def test_a_missing_scope_is_found_before_anything_is_sent() -> None:
    egress = ScriptedEgress()
    with pytest.raises(ScopeMissing):
        await downloaded(egress, scopes=frozenset())
    assert egress.sent == []


def test_a_form_keeps_name_and_bytes_apart_from_its_own_lines() -> None:
    form = upload('a"\r\nb.txt', b"\r\n--x\r\n", mime="text/plain", values={"minorEdit": "true"})
    boundary = form.content_type.partition("boundary=")[2].encode()
    assert form.body.count(b"--" + boundary) == 3
    assert b'filename="a%22%0D%0Ab.txt"\r\nContent-Type: text/plain\r\n\r\n\r\n--x\r\n\r\n' in (
        form.body
    )
    assert b'name="minorEdit"\r\n\r\ntrue\r\n' in form.body
