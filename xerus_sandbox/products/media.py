"""The files of both products as the media host gives them: by a signed address, to anybody."""

import base64
import hashlib
import hmac
from collections.abc import Iterator

from xerus_sandbox.operations import Answer, Call, Product
from xerus_sandbox.products.model import Attachment, PageAttachment
from xerus_sandbox.products.world import World

_KEY = b"media host of the sandbox"


def redirect(call: Call, product: Product, attachment_id: str, status: int) -> Answer:
    """Send the caller to the media host, as Cloud does for the content of a file."""
    origin = call.site.url.removesuffix(f"/site/{call.site.name}")
    token = _token(product, call.site.name, attachment_id)
    path = f"/media/file/{product}/{call.site.name}/{attachment_id}"
    return Answer(status=status, headers={"location": f"{origin}{path}?token={token}"})


def content(item: Attachment | PageAttachment) -> Answer:
    """Answer with the bytes of a file."""
    disposition = f'attachment; filename="{item.filename}"'
    return Answer(
        body=base64.b64decode(item.content),
        headers={"content-type": item.mime, "content-disposition": disposition},
    )


def find(
    world: World, product: str, site: str, attachment_id: str, token: str
) -> Attachment | PageAttachment | None:
    """Return the file that a signed address names; None if the signature or the file is not."""
    if not hmac.compare_digest(_token(product, site, attachment_id), token):
        return None
    items = _jira(world, site) if product == "jira" else _confluence(world, site)
    return next((item for item in items if item.id == attachment_id), None)


def _token(product: str, site: str, attachment_id: str) -> str:
    text = f"{product}/{site}/{attachment_id}".encode()
    return hmac.new(_KEY, text, hashlib.sha256).hexdigest()


def _jira(world: World, site: str) -> Iterator[Attachment]:
    for issue in world.jira[site].issues.values():
        yield from issue.attachments


def _confluence(world: World, site: str) -> Iterator[PageAttachment]:
    for page in world.confluence[site].pages.values():
        yield from page.attachments
