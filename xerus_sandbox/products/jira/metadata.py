"""Operations on what an instance consists of: projects, types, fields, server, people."""

from typing import Any

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.jira import access, beans, roles, scheme, versions
from xerus_sandbox.products.jira.scheme import SPRINT_FIELD
from xerus_sandbox.products.model import Issue, Json, Person, Project
from xerus_sandbox.products.times import jira_time
from xerus_sandbox.products.world import World

_PROJECT_ORDERS = {"key", "name"}


def server_info(_world: World, call: Call) -> Answer:
    """Say which deployment this is."""
    cloud = beans.is_cloud(call)
    version = "1001.0.0-SNAPSHOT" if cloud else "10.3.24"
    body: Json = {
        "baseUrl": call.site.url,
        "version": version,
        "versionNumbers": [1001, 0, 0] if cloud else [10, 3, 24],
        "deploymentType": "Cloud" if cloud else "Server",
        "buildNumber": 100295 if cloud else 10030024,
        "buildDate": "2026-11-16T00:00:00.000+0000",
        "serverTime": jira_time(call.now),
        "scmInfo": "5b8b7c5e1c0d",
        "serverTitle": "Jira",
    }
    if cloud:
        body |= {"displayUrl": call.site.url, "serverTimeZone": "Etc/UTC"}
    return Answer(body=body)


def myself(world: World, call: Call) -> Answer:
    """Return the caller."""
    return Answer(body=beans.user(call, world.person(call.account.account_id)))


def projects(world: World, call: Call) -> Answer:
    """List the visible projects, the deprecated way on Cloud: a bare array."""
    lead = "lead" in access.expansions(call)
    found = [
        beans.project(call, item)
        | ({"lead": beans.user(call, world.person(item.lead))} if lead else {})
        for item in _visible(world, call)
    ]
    return Answer(body=found)


def project_search(world: World, call: Call) -> Answer:
    """Search the visible projects of Cloud: offset pages."""
    found = _visible(world, call)
    if words := call.query.get("query", "").lower():
        found = [p for p in found if words in p.name.lower() or words in p.key.lower()]
    if keys := call.query.getlist("keys"):
        found = [p for p in found if p.key in keys]
    order = call.query.get("orderBy", "key")
    if order.lstrip("+-") not in _PROJECT_ORDERS:
        raise access.error(400, f"The value '{order}' of 'orderBy' is not valid.")
    found.sort(key=lambda p: str(getattr(p, order.lstrip("+-"))), reverse=order.startswith("-"))
    start = access.number(call, "startAt", 0, most=10**9)
    size = access.number(call, "maxResults", 50, most=100)
    expand = access.expansions(call)
    values = [_listed(world, call, p, expand) for p in found[start : start + size]]
    return Answer(body={**_envelope(call, start, size, len(found)), "values": values})


def project(world: World, call: Call) -> Answer:
    """Return one project with its types, components, versions and lead."""
    item = access.project(world, call)
    return Answer(body=_full(world, call, item))


def project_statuses(world: World, call: Call) -> Answer:
    """Return the statuses of each issue type of a project."""
    item = access.project(world, call)
    return Answer(
        body=[
            {
                "self": beans.rest_url(call, f"issuetype/{kind.id}"),
                "id": kind.id,
                "name": kind.name,
                "subtask": kind.level < 0,
                "statuses": [beans.status(call, name) for name in scheme.STATUSES],
            }
            for kind in scheme.types_of(item)
        ]
    )


def issue_types(_world: World, call: Call) -> Answer:
    """Return all issue types."""
    return Answer(body=[beans.issue_type(call, kind) for kind in scheme.ISSUE_TYPES.values()])


def issue_types_of_project(world: World, call: Call) -> Answer:
    """Return the issue types of the project whose id is `projectId`."""
    number = call.query.get("projectId", "")
    if not number.isdecimal():
        raise access.error(400, "The projectId is required and must be a number.")
    item = access.project(world, call, number)
    return Answer(body=[beans.issue_type(call, kind) for kind in scheme.types_of(item)])


def priorities(_world: World, call: Call) -> Answer:
    """Return all priorities."""
    body = [
        {
            **beans.priority(call, name),
            "description": f"{name} priority",
            "statusColor": scheme.PRIORITY_COLOURS[name],
        }
        for name in scheme.PRIORITIES
    ]
    return Answer(body=body)


def statuses(_world: World, call: Call) -> Answer:
    """Return all statuses."""
    return Answer(body=[beans.status(call, name) for name in scheme.STATUSES])


def fields(_world: World, call: Call) -> Answer:
    """Return all fields."""
    return Answer(body=[_field(call, item) for item in scheme.FIELDS.values()])


def edit_fields(world: World, call: Call) -> Answer:
    """Return the fields of the edit screen of an issue."""
    return Answer(body=edit_fields_of(world, call, access.issue(world, call)))


def edit_fields_of(world: World, call: Call, issue: Issue) -> Json:
    """Return the same for an issue at hand, as `expand=editmeta` shows it."""
    item = world.jira_of(call).projects[issue.project]
    kind = scheme.ISSUE_TYPES[issue.type]
    screen = [f for f in scheme.FIELDS.values() if f.on_screen and f.id != "project"]
    found = {f.id: _create_field(world, call, item, kind, f) for f in screen}
    for bean in found.values():
        del bean["fieldId"]
    found["issuetype"]["allowedValues"] = [
        beans.issue_type(call, one) for one in scheme.types_of(item) if one.level == kind.level
    ]
    return {"fields": found}


def create_types(world: World, call: Call) -> Answer:
    """Return the issue types that can be created in a project, as one page."""
    item = access.named_project(world, call, call.params["projectIdOrKey"])
    kinds = [beans.issue_type(call, kind) for kind in scheme.types_of(item)]
    return Answer(body=_create_page(call, "issueTypes", kinds))


def create_fields(world: World, call: Call) -> Answer:
    """Return the fields of the create screen of one issue type."""
    item = access.named_project(world, call, call.params["projectIdOrKey"])
    kinds = [k for k in scheme.types_of(item) if k.id == call.params["issueTypeId"]]
    if not kinds:
        raise access.error(400, "The issue type is not valid for the project.")
    screen = [f for f in scheme.FIELDS.values() if f.on_screen]
    found = [_create_field(world, call, item, kinds[0], f) for f in screen]
    return Answer(body=_create_page(call, "fields", found))


def create_everything(world: World, call: Call) -> Answer:
    """Return what can be created in the projects named, all at once; fields where expanded."""
    keys = {key for name in call.query.getlist("projectKeys") for key in name.split(",") if key}
    with_fields = "projects.issuetypes.fields" in access.expansions(call)
    found = [item for item in _visible(world, call) if not keys or item.key in keys]
    shown = []
    for item in found:
        kinds = []
        for kind in scheme.types_of(item):
            screen = [one for one in scheme.FIELDS.values() if one.on_screen] * with_fields
            fields_of = {one.id: _create_field(world, call, item, kind, one) for one in screen}
            for one in fields_of.values():
                del one["fieldId"]
            kinds.append(beans.issue_type(call, kind) | ({"fields": fields_of} if screen else {}))
        names = ("self", "id", "key", "name", "avatarUrls")
        shown.append({n: beans.project(call, item)[n] for n in names} | {"issuetypes": kinds})
    return Answer(body={"expand": "projects", "projects": shown})


def users(world: World, call: Call) -> Answer:
    """Find people by name or e-mail; app accounts are found too, as in Jira."""
    query, account = _user_query(call), call.query.get("accountId")
    if not query and not account:
        raise access.error(400, "The username, accountId or query parameter must be provided.")
    found = [
        p for p in world.people.values() if _fits(p, query) and account in {None, p.account_id}
    ]
    return Answer(body=_user_page(call, found))


def assignable_users(world: World, call: Call) -> Answer:
    """Find people who can be assigned issues of a project or an issue."""
    key = call.query.get("issueKey") or call.query.get("issueId")
    name = call.query.get("project")
    if key:
        item = world.jira_of(call).projects[access.issue(world, call, key).project]
    elif name:
        item = access.project(world, call, name)
    else:
        raise access.error(400, "Either the project or the issueKey must be specified.")
    query, account = _user_query(call), call.query.get("accountId")
    found = [
        person
        for person in world.people.values()
        if person.active
        and person.kind != "app"
        and person.account_id not in item.hidden_from
        and account in {None, person.account_id}
        and _fits(person, query)
    ]
    if beans.is_cloud(call):
        return Answer(body=_user_page(call, found))
    # Data Center knows no startAt here.
    size = access.number(call, "maxResults", 50)
    return Answer(body=[beans.user(call, person) for person in found[:size]])


def _visible(world: World, call: Call) -> list[Project]:
    return list(world.jira_of(call).visible(call.account.account_id).values())


def _envelope(call: Call, start: int, size: int, total: int) -> Json:
    return {
        "self": beans.rest_url(call, f"project/search?startAt={start}&maxResults={size}"),
        "maxResults": size,
        "startAt": start,
        "total": total,
        "isLast": start + size >= total,
    }


def _listed(world: World, call: Call, item: Project, expand: frozenset[str]) -> Json:
    bean = {**beans.project(call, item), "style": "classic", "isPrivate": bool(item.hidden_from)}
    if "description" in expand:
        bean["description"] = item.description
    if "lead" in expand:
        bean["lead"] = beans.user(call, world.person(item.lead))
    if "issueTypes" in expand:
        bean["issueTypes"] = [beans.issue_type(call, kind) for kind in scheme.types_of(item)]
    return bean


def _full(world: World, call: Call, item: Project) -> Json:
    bean: Json = {
        **beans.project(call, item),
        "description": item.description,
        "lead": beans.user(call, world.person(item.lead)),
        "assigneeType": "UNASSIGNED",
        "issueTypes": [beans.issue_type(call, kind) for kind in scheme.types_of(item)],
        "components": components_of(call, item),
        "versions": versions.beans_of(call, item),
        "roles": roles.addresses(call, item),
    }
    if beans.is_cloud(call):
        bean |= {"style": "classic", "isPrivate": bool(item.hidden_from), "properties": {}}
    return bean


def components_of(call: Call, item: Project) -> list[Json]:
    """Return the components of a project."""
    return [
        {"self": beans.rest_url(call, f"component/{30000 + n}"), "id": str(30000 + n), "name": name}
        for n, name in enumerate(item.components)
    ]


def _schema(item: scheme.Field) -> Json:
    schema: Json = {"type": item.type}
    if item.items:
        schema["items"] = item.items
    if item.custom:
        number = int(item.id.removeprefix("customfield_"))
        return schema | {"custom": item.custom, "customId": number}
    return schema | {"system": item.id}


def _field(call: Call, item: scheme.Field) -> Json:
    bean = {
        "id": item.id,
        "name": item.name,
        "custom": item.custom is not None,
        "orderable": item.on_screen,
        "navigable": True,
        "searchable": True,
        "clauseNames": list(item.clauses),
        "schema": _schema(item),
    }
    return {**bean, "key": item.id} if beans.is_cloud(call) else bean


def _create_page(call: Call, name: str, found: list[Json]) -> Json:
    start = access.number(call, "startAt", 0, most=10**9)
    size = access.number(call, "maxResults", 50, most=200)
    page = {"maxResults": size, "startAt": start, "total": len(found)}
    if beans.is_cloud(call):
        return {**page, name: found[start : start + size]}
    last = start + size >= len(found)
    return {**page, "isLast": last, "values": found[start : start + size]}


def _create_field(
    world: World, call: Call, item: Project, kind: scheme.IssueType, field: scheme.Field
) -> Json:
    required = field.id in {"summary", "issuetype", "project"} or (
        field.id == "parent" and kind.level < 0
    )
    bean: Json = {
        "required": required,
        "schema": _schema(field),
        "name": field.name,
        "fieldId": field.id,
        "hasDefaultValue": field.id in {"priority", "reporter"},
        "operations": ["add", "set", "remove"] if field.type == "array" else ["set"],
    }
    if beans.is_cloud(call):
        bean["key"] = field.id
    if field.id in {"assignee", "reporter"}:
        query = "query" if beans.is_cloud(call) else "username"
        bean["autoCompleteUrl"] = beans.rest_url(
            call, f"user/assignable/search?project={item.key}&{query}="
        )
    if (allowed := _allowed(world, call, item, kind, field.id)) is not None:
        bean["allowedValues"] = allowed
    return bean


def _allowed(  # noqa: PLR0911 - one line per field
    world: World, call: Call, item: Project, kind: scheme.IssueType, name: str
) -> list[Any] | None:
    match name:
        case "issuetype":
            return [beans.issue_type(call, kind)]
        case "project":
            return [beans.project(call, item)]
        case "priority":
            return [beans.priority(call, priority) for priority in scheme.PRIORITIES]
        case "components":
            return list(components_of(call, item))
        case "fixVersions":
            return list(versions.beans_of(call, item))
        case "customfield_10030":
            return [beans.severity(call, name) for name in scheme.SEVERITIES]
        case _ if name == SPRINT_FIELD:
            sprints = world.jira_of(call).sprints.values()
            found = [s for s in sprints if s.project == item.key and s.state != "closed"]
            return [{"id": s.id, "name": s.name, "state": s.state} for s in found]
        case _:
            return None


def _user_query(call: Call) -> str:
    name = "query" if beans.is_cloud(call) else "username"
    return call.query.get(name, "").strip().lower()


def _fits(person: Person, query: str) -> bool:
    names = (person.name, person.email, person.username, *person.name.split())
    return any(name.lower().startswith(query) for name in names)


def _user_page(call: Call, found: list[Person]) -> list[Json]:
    start = access.number(call, "startAt", 0, most=10**9)
    size = access.number(call, "maxResults", 50)
    return [beans.user(call, person) for person in found[start : start + size]]
