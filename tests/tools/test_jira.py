import re

from tests.tools.bench import Bench


def cursor_in(text: str) -> str:
    found = re.search(r'cursor="([^"]+)"', text)
    assert found
    return found[1]


def keys_in(text: str) -> list[str]:
    return re.findall(r"^\|([A-Z]+-\d+)\|", text, re.MULTILINE)


async def test_open_bugs_of_a_project_are_found(bench: Bench) -> None:
    text = await bench.ok("jira_search", project_key="ENG", issue_type="Bug", open_only=True)
    rows = [line for line in text.splitlines() if line.startswith("|ENG-")]
    assert len(rows) >= 5
    assert all("|Bug|" in row and "|Done|" not in row for row in rows)


async def test_a_page_of_25_issues_costs_at_most_1500_tokens(bench: Bench) -> None:
    text = await bench.ok("jira_search", jql="project = ENG", limit=25)
    assert len(keys_in(text)) == 25
    # The o200k vocabulary is not on every machine: two and a half bytes a token is a safe stand-in.
    assert len(text.encode()) / 2.5 <= 1500


async def test_pages_follow_each_other_without_gap_or_repetition(bench: Bench) -> None:
    jql = "project = ENG ORDER BY key ASC"
    first = await bench.ok("jira_search", jql=jql, limit=3)
    second = await bench.ok("jira_search", jql=jql, limit=3, cursor=cursor_in(first))
    assert keys_in(first) + keys_in(second) == [f"ENG-{number}" for number in range(1, 7)]


async def test_the_last_page_says_that_there_is_no_more(bench: Bench) -> None:
    text = await bench.ok("jira_search", jql="key = ENG-1")
    assert text.startswith("1 issue, no more.")
    assert "cursor" not in text


async def test_filters_values_are_bound_not_pasted(bench: Bench) -> None:
    hostile = 'x" OR project = "HR'
    for name in ("status", "issue_type", "assignee"):
        result = await bench.run("jira_search", project_key="ENG", **{name: hostile})
        assert "|HR-" not in result.text
    text = await bench.ok("jira_search", project_key="ENG", text=hostile)
    assert "|HR-" not in text


async def test_chosen_columns_are_shown(bench: Bench) -> None:
    text = await bench.ok("jira_search", jql="key = ENG-1", fields="summary, labels, reporter")
    assert "|key|summary|labels|reporter|" in text


async def test_wrong_jql_is_explained_by_jira(bench: Bench) -> None:
    text = await bench.failed("jira_search", jql="nosuchfield = 1")
    assert "nosuchfield" in text
    assert "<untrusted" in text


async def test_an_issue_is_read_with_one_request(bench: Bench) -> None:
    await bench.ok("jira_search", jql="key = ENG-1")
    mark = await bench.sandbox.atlassian.mark()
    text = await bench.ok("jira_get_issue", issue_key="eng-1")
    assert len(await bench.requests(mark)) == 1
    assert "summary: " in text
    assert "/browse/ENG-1" in text
    assert "Comments: " in text


async def test_an_issue_as_json_has_the_same_content(bench: Bench) -> None:
    issue = await bench.json("jira_get_issue", issue_key="ENG-1")
    assert issue["key"] == "ENG-1"
    assert issue["fields"]["type"] == "Epic"
    assert issue["description"]
    assert issue["comments"][0]["author"]


async def test_a_long_description_is_cut_visibly(bench: Bench) -> None:
    body = "word " * 200
    created = await bench.ok(
        "jira_create_issue", project_key="ENG", issue_type="Task", summary="Long", description=body
    )
    (key,) = set(re.findall(r"browse/(ENG-\d+)", created))
    text = await bench.ok("jira_get_issue", issue_key=key, max_chars=200)
    assert re.search(r"Description cut: 200 of \d+ characters", text)


async def test_missing_issues_are_a_clear_answer(bench: Bench) -> None:
    text = await bench.failed("jira_get_issue", issue_key="ENG-999999")
    assert "may not see it" in text


async def test_an_issue_is_created_by_names_and_read_back(bench: Bench) -> None:
    text = await bench.ok(
        "jira_create_issue",
        project_key="eng",
        issue_type="task",
        summary='A | "quoted" summary',
        description="# Why\n\n- one\n- **two**\n\n| a | b |\n| - | - |\n| 1 | 2 |",
        assignee="me",
        priority="high",
        labels=["from-test"],
    )
    assert text.startswith("Created. ENG-")
    for expected in (
        'summary: A | "quoted" summary',
        "type: Task",
        "priority: High",
        "assignee: Ada Lovelace",
        "labels: from-test",
        "# Why",
        "**two**",
    ):
        assert expected in text


async def test_an_assignee_is_found_by_e_mail(bench: Bench) -> None:
    text = await bench.ok(
        "jira_create_issue",
        project_key="ENG",
        issue_type="Task",
        summary="For Grace",
        assignee="grace@example.com",
    )
    assert "assignee: Grace Hopper" in text


async def test_wrong_names_list_the_choices_and_create_nothing(bench: Bench) -> None:
    new = {"project_key": "ENG", "summary": "Never"}
    text = await bench.failed("jira_create_issue", issue_type="Nope", **new)
    assert "Bug" in text
    assert "Task" in text
    text = await bench.failed("jira_create_issue", issue_type="Task", priority="Urgentest", **new)
    assert "High" in text
    text = await bench.failed("jira_create_issue", issue_type="Task", assignee="No Body", **new)
    assert "Nobody who may be assigned" in text
    assert "No issue matches" in await bench.ok("jira_search", jql='summary ~ "Never"')


async def test_a_comment_is_added_as_markdown(bench: Bench) -> None:
    text = await bench.ok("jira_add_comment", issue_key="ENG-3", body="Hello **there** `x`")
    assert "Hello **there** `x`" in text
    assert "focusedCommentId=" in text
    assert "Hello **there**" in await bench.ok("jira_get_issue", issue_key="ENG-3")


async def test_an_issue_moves_by_target_status_name_or_id(bench: Bench) -> None:
    created = await bench.ok(
        "jira_create_issue", project_key="ENG", issue_type="Task", summary="Walk"
    )
    (key,) = set(re.findall(r"browse/(ENG-\d+)", created))
    text = await bench.ok(
        "jira_transition_issue", issue_key=key, transition="in progress", comment="On it"
    )
    assert "status: To Do -> In Progress" in text
    assert "On it" in await bench.ok("jira_get_issue", issue_key=key)
    offered = await bench.json("jira_get_transitions", issue_key=key)
    by_target = {one["to"]: one for one in offered["transitions"]}
    text = await bench.ok(
        "jira_transition_issue", issue_key=key, transition=by_target["In Review"]["id"]
    )
    assert "In Progress -> In Review" in text
    text = await bench.failed("jira_transition_issue", issue_key=key, transition="Nowhere")
    assert "Done" in text


async def test_connection_status_names_the_shared_account(bench: Bench) -> None:
    text = await bench.ok("connection_status")
    assert "shared by all callers" in text
    assert bench.sandbox.atlassian.base in text


async def test_another_site_is_refused_with_the_names_of_the_known(bench: Bench) -> None:
    text = await bench.failed("jira_search", jql="key = ENG-1", site="nosuch")
    assert "nosuch" in text
    assert ("acme" if bench.is_cloud else "jira") in text
