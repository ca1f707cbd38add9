"""Row 14 of the list of threats, in short; `make soak` does it whole."""

from collections.abc import AsyncIterator

import pytest

from tests.flows.ssrf import answers, named
from tests.support.quiet import quiet


@pytest.fixture(scope="module")
async def place() -> AsyncIterator[named.Place]:
    async with named.place() as here:
        yield here


async def test_ssrf_no_address_that_a_server_names_is_called() -> None:
    assert await answers.named_in_answers(60, quiet)


async def test_ssrf_no_address_of_a_document_is_read_but_public_ones() -> None:
    assert await answers.named_by_strangers(400, quiet)


async def test_ssrf_rebinding_leads_to_the_address_that_was_checked() -> None:
    assert await answers.rebinding(20, quiet)


async def test_ssrf_no_address_that_is_named_to_the_product_is_called(place: named.Place) -> None:
    assert await named.named_to_the_product(place, 12, quiet)
