"""Published faults of servers like this one, and the tests that keep each of them out.

An advisory is a row: what went wrong there, and the tests here. `tests/unit/test_advisories.py` fails
when a row names a test that does not exist.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Advisory:
    """`ids` are CVE, GHSA or issue numbers of one fault; `tests` are names by file."""

    ids: tuple[str, ...]
    lesson: str
    tests: Mapping[str, tuple[str, ...]]


ADVISORIES = (
    Advisory(
        ids=("CVE-2025-6514",),
        lesson="an authorization_endpoint out of metadata is opened only if it is http(s)",
        tests={
            "tests/unit/oauth/test_may_open.py": (
                "test_metadata_never_sends_a_browser_to_another_kind_of_address",
            ),
        },
    ),
    Advisory(
        ids=(
            "CVE-2025-66416",
            "GHSA-9h52-p55h-vw2f",
            "CVE-2026-77242",
            "CVE-2026-77265",
        ),
        lesson="the guard against DNS rebinding is on, and follows XERUS_PUBLIC_URL",
        tests={
            "tests/clients/test_protocol.py": (
                "test_dns_rebinding_is_refused_by_host_and_by_origin",
            ),
            "tests/unit/pages/test_edge.py": ("test_any_other_host_is_misdirected",),
        },
    ),
    Advisory(
        ids=(
            "CVE-2026-27825",
            "GHSA-6vmq-24h2-pj7j",
        ),
        lesson="nothing is downloaded to a path: content comes in the answer",
        tests={
            "tests/unit/test_advisories.py": ("test_no_tool_takes_a_path_of_this_machine",),
        },
    ),
    Advisory(
        ids=("CVE-2026-27826",),
        lesson="no header of a caller chooses where a request goes",
        tests={
            "tests/flows/test_hostile_headers.py": (
                "test_headers_that_name_another_atlassian_change_nothing",
            ),
        },
    ),
    Advisory(
        ids=("CVE-2026-77254",),
        lesson="the operator's credential never serves a stranger",
        tests={
            "tests/flows/test_pat_mode.py": (
                "test_shared_pat_used_by_strangers_is_refused_before_anything_goes_upstream",
            ),
        },
    ),
    Advisory(
        ids=(
            "CVE-2026-77255",
            "GHSA-g5r6-gv6m-f5jv",
        ),
        lesson="a path in an argument is never read as a file",
        tests={
            "tests/unit/test_advisories.py": ("test_no_tool_takes_a_path_of_this_machine",),
            "tests/tools/test_attachments.py": (
                "test_bad_files_are_refused_before_anything_is_sent",
            ),
            "tests/tools/test_jira_edits.py": ("test_a_path_among_the_fields_is_not_read",),
        },
    ),
    Advisory(
        ids=(
            "CVE-2026-77249",
            "CVE-2026-77261",
            "CVE-2026-77267",
        ),
        lesson="one way out, which follows no redirect",
        tests={
            "tests/unit/egress/test_egress.py": ("test_a_redirect_is_returned_and_not_followed",),
            "tests/tools/test_attachments.py": ("test_a_redirect_to_another_host_is_not_followed",),
        },
    ),
    Advisory(
        ids=("CVE-2026-77274",),
        lesson="an authority with a backslash or user info is refused",
        tests={
            "tests/unit/egress/test_egress.py": (
                "test_ssrf_addresses_are_refused_before_a_connection_is_made",
            ),
        },
    ),
    Advisory(
        ids=(
            "GHSA-w66g-j6c4-hcfc",
            "GHSA-rqwg-9346-fjjv",
        ),
        lesson="a filter by project is joined with a query, never replaced by it",
        tests={
            "tests/tools/test_filters.py": (
                "test_no_jql_reaches_another_project",
                "test_jql_that_would_break_out_is_refused_unsent",
            ),
        },
    ),
    Advisory(
        ids=("GHSA-3r68-hf9h-887v",),
        lesson="a tool that is off cannot be called either, by alias or through the lean profile",
        tests={
            "tests/unit/tools/test_policy.py": (
                "test_a_toolset_that_is_off_is_neither_listed_nor_run",
                "test_read_only_refuses_every_write_by_name_and_by_alias",
                "test_lean_holds_to_the_same_policy_scopes_and_checks",
            ),
        },
    ),
    Advisory(
        ids=("GHSA-g5xv-mhgm-v5f6",),
        lesson="a file with a secret is private, and refused when it is not",
        tests={
            "tests/unit/keys/test_file.py": (
                "test_the_first_wrap_makes_a_private_file_that_unwraps_later",
                "test_a_key_file_open_to_others_is_refused",
            ),
        },
    ),
    Advisory(
        ids=(
            "GHSA-g2r2-3j32-j27x",
            "FastMCP #3418",
        ),
        lesson="what a callback or a client brings is escaped on our pages",
        tests={
            "tests/unit/pages/test_edge.py": (
                "test_an_error_is_escaped_and_keeps_its_debug_to_itself",
            ),
            "tests/flows/front_door/test_authorize.py": ("test_client_name_is_escaped",),
            "tests/unit/oauth/test_aadsts.py": (
                "test_nothing_of_a_made_up_description_is_repeated",
            ),
        },
    ),
    Advisory(
        ids=("GHSA-6rrj-86cw-gg9j",),
        lesson="values are bound into JQL and CQL",
        tests={
            "tests/tools/test_generated_arguments.py": (
                "test_generated_arguments_reach_nothing_that_is_not_declared_or_allowed",
            ),
        },
    ),
    Advisory(
        ids=("GHSA-c2jp-c369-7pvx",),
        lesson="the identity provider is asked only after consent to this client",
        tests={
            "tests/flows/front_door/test_authorize.py": (
                "test_nothing_is_asked_of_the_provider_before_consent",
                "test_many_registrations_reach_no_provider_without_consent",
            ),
        },
    ),
    Advisory(
        ids=(
            "CVE-2025-69196",
            "GHSA-5h2m-4q8j-pqpj",
        ),
        lesson="a token is for this endpoint alone",
        tests={
            "tests/flows/front_door/test_token.py": (
                "test_token_for_another_audience_or_client_without_family_is_refused",
            ),
        },
    ),
    Advisory(
        ids=(
            "CVE-2026-27124",
            "GHSA-rww4-4w9c-7733",
        ),
        lesson="the browser that agreed is the one that comes back",
        tests={
            "tests/flows/front_door/test_authorize.py": (
                "test_callback_in_another_browser_is_refused",
                "test_consent_of_another_browser_is_refused",
            ),
        },
    ),
    Advisory(
        ids=("GHSA-6x8h-498w-gv8c",),
        lesson="consent is asked again, whoever is signed in",
        tests={
            "tests/flows/front_door/test_authorize.py": (
                "test_consent_is_shown_even_in_a_signed_in_browser",
            ),
        },
    ),
    Advisory(
        ids=(
            "CVE-2026-32871",
            "GHSA-vv7q-7jx5-f767",
            "FastMCP #3963",
        ),
        lesson="a path parameter stays one segment",
        tests={
            "tests/unit/tools/test_transport.py": (
                "test_path_values_stay_one_segment",
                "test_a_value_that_could_name_another_path_is_refused",
            ),
        },
    ),
    Advisory(
        ids=(
            "FastMCP #3066",
            "FastMCP #4408",
        ),
        lesson="a redirect address is a registered one, to the letter",
        tests={
            "tests/unit/oauth/test_redirect_uri.py": (
                "test_mutated_address_never_matches_the_registered_one",
            ),
            "tests/flows/front_door/test_authorize.py": (
                "test_bad_client_or_redirect_is_never_redirected",
            ),
        },
    ),
    Advisory(
        ids=("FastMCP #3524",),
        lesson="a refresh token opens nothing",
        tests={
            "tests/flows/front_door/test_token.py": ("test_refresh_token_is_no_bearer",),
        },
    ),
    Advisory(
        ids=(
            "FastMCP #3419",
            "FastMCP #3430",
        ),
        lesson="a published key is no secret to sign with: one algorithm only",
        tests={
            "tests/unit/oauth/test_id_token.py": ("test_token_signed_another_way_is_refused",),
        },
    ),
    Advisory(
        ids=(
            "FastMCP #4400",
            "FastMCP #4426",
        ),
        lesson="only configured origins are reached, whatever an address resolves to",
        tests={
            "tests/unit/egress/test_egress.py": (
                "test_ssrf_addresses_are_refused_before_a_connection_is_made",
            ),
        },
    ),
    Advisory(
        ids=("FastMCP #4818",),
        lesson="two clicks on one consent form lead on once",
        tests={
            "tests/flows/front_door/test_authorize.py": (
                "test_double_click_on_allow_still_leads_to_sign_in",
            ),
        },
    ),
    Advisory(
        ids=(
            "FastMCP #2223",
            "FastMCP #4117",
            "NVIDIA/OSMO #1343",
            "keboola #508",
        ),
        lesson="one random key for each purpose, the same in all processes",
        tests={
            "tests/stores/test_keys.py": (
                "test_a_purpose_has_one_key_in_all_processes_and_no_other_purposes",
            ),
        },
    ),
)
