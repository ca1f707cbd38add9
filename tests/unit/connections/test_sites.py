"""Reading the sites of a grant."""

import pytest

from xerus.atlassian.credentials import Product, SiteUnknown
from xerus.connections.sites import GrantedSite, find_site, merge_resources, products_of
from xerus.ids import CloudId


def entry(cloud_id: str, name: str, *scopes: str) -> dict[str, object]:
    return {
        "id": cloud_id,
        "name": name,
        "url": f"https://{name}.atlassian.net",
        "scopes": list(scopes),
    }


def test_entries_with_one_id_are_one_site_with_the_products_of_all() -> None:
    sites = merge_resources(
        [
            entry("1", "acme", "read:jira-work"),
            entry("2", "labs", "read:board-scope:jira-software"),
            entry("1", "acme", "read:page:confluence"),
        ]
    )

    assert [(site.name, set(site.products)) for site in sites] == [
        ("acme", {Product.JIRA, Product.CONFLUENCE}),
        ("labs", {Product.JIRA}),
    ]


def test_entries_that_are_no_sites_are_passed_over() -> None:
    assert merge_resources([None, {}, {"name": "no id"}, "text"]) == ()


@pytest.mark.parametrize("cloud_id", ["..", "../../evil", "a/b", "a?b", "a%2fb", "1\n", "1" * 81])
def test_cloud_id_that_could_name_another_path_is_passed_over(cloud_id: str) -> None:
    assert merge_resources([entry(cloud_id, "acme")]) == ()


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil", "https:// x"])
def test_site_address_that_is_no_web_address_never_becomes_a_link(url: str) -> None:
    (site,) = merge_resources([entry("1", "acme") | {"url": url}])
    assert site.url == ""


@pytest.mark.parametrize(
    ("scope", "product"),
    [
        ("read:jira-work", Product.JIRA),
        ("read:issue-details:jira", Product.JIRA),
        ("write:confluence-content", Product.CONFLUENCE),
        ("readonly:content.attachment:confluence", Product.CONFLUENCE),
        ("search:confluence", Product.CONFLUENCE),
    ],
)
def test_product_follows_from_the_scope(scope: str, product: Product) -> None:
    assert products_of([scope]) == {product}


def test_stored_form_reads_back_the_same() -> None:
    (site,) = merge_resources([entry("1", "acme", "read:jira-work")])
    assert GrantedSite.from_json(site.to_json()) == site


@pytest.mark.parametrize(
    "asked",
    ["acme", "ACME ", "acme.atlassian.net", "https://acme.atlassian.net/", "1"],
)
def test_site_is_found_by_each_of_its_names(asked: str) -> None:
    sites = merge_resources([entry("2", "labs"), entry("1", "acme")])
    assert find_site(sites, asked, None).cloud_id == "1"


def test_several_sites_without_a_choice_are_listed_and_none_is_taken() -> None:
    sites = merge_resources([entry("2", "labs"), entry("1", "acme")])
    with pytest.raises(SiteUnknown, match="labs, acme"):
        find_site(sites, None, None)
    assert find_site(sites, None, CloudId("1")).name == "acme"
