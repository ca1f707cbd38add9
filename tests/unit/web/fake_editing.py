"""Calls that can be changed, as the pages are given them."""

from collections.abc import Mapping
from typing import Any

from xerus.assistant.editing.checks import problems_of
from xerus.assistant.editing.fields import entered, fields_of, with_answers
from xerus.assistant.editing.service import EditForm
from xerus.errors import Conflict, NotFound
from xerus.ids import UserId

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "project_key": {"type": "string", "description": "Project key, e.g. ENG"},
        "issue_type": {"type": "string", "enum": ["Bug", "Task", "Story"]},
        "summary": {"type": "string", "description": "One line"},
        "description": {"type": "string", "description": "Markdown"},
        "points": {"type": "number", "minimum": 0},
        "labels": {"type": "array", "items": {"type": "string"}},
        "urgent": {"type": "boolean"},
        "fields": {"type": "object", "description": "Field name or id: value"},
        "parent": {"type": "string", "description": "Key of the epic"},
    },
    "required": ["project_key", "issue_type", "summary"],
    "additionalProperties": False,
}
ARGUMENTS: dict[str, Any] = {
    "project_key": "ENG",
    "issue_type": "Task",
    "summary": "Rotate the keys",
    "description": "Before **Friday**.\n\n- the old one\n- the spare one",
    "points": 3,
    "labels": ["security", "keys"],
}


class FakeEditing:
    """One call of one person, `c1` of the conversation `talk`.

    Attributes:
        answers: what was entered and cannot be sent, by argument.
    """

    def __init__(self, owner: UserId) -> None:
        self.owner = owner
        self.saved: list[dict[str, Any]] = []
        self.answers: dict[str, str] = {}

    async def form(self, user_id: UserId, conversation_id: str, approval_id: str) -> EditForm:
        if (user_id, conversation_id, approval_id) != (self.owner, "talk", "c1"):
            raise NotFound("There is no such conversation.")
        answers = {f"arg.{name}": value for name, value in self.answers.items()}
        return self._form(answers)

    async def save(
        self,
        user_id: UserId,
        conversation_id: str,
        approval_id: str,
        *,
        shown: str,
        form: Mapping[str, str],
    ) -> EditForm | None:
        asked = await self.form(user_id, conversation_id, approval_id)
        if shown != asked.shown:
            raise Conflict("This call was changed in another window, so nothing was saved.")
        wrong = self._form(form)
        if wrong.problems:
            return wrong
        self.saved.append(entered(asked.fields, form).arguments)
        return None

    def _form(self, form: Mapping[str, str]) -> EditForm:
        fields = fields_of(SCHEMA, ARGUMENTS)
        found = entered(fields, form)
        problems = {**problems_of(SCHEMA, found.arguments), **found.problems}
        return EditForm(
            call_id="c1",
            shown="5f",
            title="Create issue",
            tool="jira_create_issue",
            origin="",
            fields=with_answers(fields, form, problems),
        )
