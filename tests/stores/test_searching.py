"""Finding words in conversations that are sealed, and taking them away as files."""

import io
import json
import zipfile
from itertools import count
from pathlib import Path

import psycopg
import pytest
from pydantic_ai.messages import ModelMessage, ModelResponse

from tests.stores.chatting import Chat, calls, chatting, person, results, says, writes_then_reports
from tests.stores.databases import Fresh
from xerus.assistant.exported import Form
from xerus.assistant.searching import Bounds, Found, Searching
from xerus.db.database import Database
from xerus.errors import InvalidInput, LimitReached, NotFound
from xerus.ids import new_id


def answers(_: list[ModelMessage]) -> ModelResponse:
    return says("The *Quokka* release is late.")


def looks(messages: list[ModelMessage]) -> ModelResponse:
    return says("Looked.") if results(messages) else calls(("look", {"at": "Wombat-7"}))


def searching(chat: Chat, database: Database, bounds: Bounds | None = None) -> Searching:
    return Searching(db=database, vault=chat.vault, conversations=chat.conversations, bounds=bounds)


def titles(found: Found) -> list[str]:
    return [hit.row.title for hit in found.hits]


async def test_words_are_found_in_titles_messages_answers_and_tool_calls(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, looks) as chat:
        conversation = await chat.send("Where is the STRANGE one?")
        await chat.conversations.rename(chat.user.id, conversation, "Marsupials")
        await chat.send("Something else")
        search = searching(chat, database)

        for words, whose in (
            ("strange", "You"),
            ("wombat-7", "Tool"),
            ("look done", "Tool"),
            ("looked.", "Answer"),
        ):
            found = await search.find(chat.user.id, words)
            assert "Marsupials" in titles(found)
            [hit] = [one for one in found.hits if one.row.id == conversation]
            assert whose in {spot.whose for spot in hit.spots}
            assert hit.spots[0].turn == 0
        [hit] = (await search.find(chat.user.id, "marsupials STRANGE")).hits
        assert [piece.text for piece in hit.title if piece.matches] == ["Marsupials"]
        assert [one.text for one in hit.spots[0].pieces if one.matches] == ["STRANGE"]
        nothing = await search.find(chat.user.id, "marsupials penguin")
        assert (nothing.hits, nothing.searched, nothing.more) == ((), 2, None)


async def test_a_search_stops_at_each_bound_and_goes_on_to_the_end(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, answers) as chat:
        for n in range(7):
            await chat.send(f"Question {n}")
        ticks = count()
        for bounds in (
            Bounds(conversations=2),
            Bounds(found=2),
            Bounds(bytes=1),
            Bounds(seconds=2),
        ):
            search = Searching(
                db=database,
                vault=chat.vault,
                conversations=chat.conversations,
                bounds=bounds,
                seconds=lambda: float(next(ticks)),
            )
            seen, before, rounds = list[str](), None, 0
            while True:
                found = await search.find(chat.user.id, "question", before)
                seen += titles(found)
                assert found.searched <= 7
                rounds += 1
                before = found.more
                if before is None:
                    break
                assert found.back_to is not None
                assert found.back_to.place == before
            assert sorted(seen) == [f"Question {n}" for n in range(7)]
            assert rounds > 1


async def test_odd_words_are_plain_words_or_refused(database: Database, tmp_path: Path) -> None:
    async with chatting(database, tmp_path, answers) as chat:
        await chat.send("Is it .* or (a|b) or Cafe\u0301 with \u202e<b>marks</b>?")
        search = searching(chat, database)
        for words in (".*", "(a|b)", "caf\u00e9", "cafe\u0301", "<B>marks", "\u200b.*\u202e"):
            assert len((await search.find(chat.user.id, words)).hits) == 1, words
        for words in ("x.*y", "a|c"):
            assert (await search.find(chat.user.id, words)).hits == ()
        for words in ("", " \u200b ", "x" * 201, " ".join("abcdefghijk")):
            with pytest.raises(InvalidInput):
                await search.find(chat.user.id, words)


async def test_nobody_finds_what_is_somebody_elses_and_searches_are_counted(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, answers) as chat:
        await chat.send("Mine")
        search = searching(chat, database, Bounds(per_minute=2))
        stranger = person().id
        assert (await search.find(stranger, "mine")).searched == 0
        await search.find(stranger, "mine")
        with pytest.raises(LimitReached):
            await search.find(stranger, "mine")
        assert len((await search.find(chat.user.id, "mine")).hits) == 1


async def test_a_damaged_conversation_is_counted_and_hides_no_other(
    database: Database, fresh: Fresh, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, answers) as chat:
        broken = await chat.send("Question 1")
        await chat.send("Question 2")
        with psycopg.connect(fresh.owner) as conn:
            conn.execute(
                "UPDATE conversation_turns SET content = 'x' WHERE conversation_id = %s", (broken,)
            )
        found = await searching(chat, database).find(chat.user.id, "question")
        assert titles(found) == ["Question 2"]
        assert (found.searched, found.unreadable) == (2, 1)
        archive = await unpacked(chat)
        assert archive["not readable.txt"].decode() == broken
        assert len(archive) == 3


async def test_a_file_has_what_the_person_saw_in_both_forms(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        conversation = await chat.send("Write ```it```\n<script>alert(1)</script>")
        [waiting] = await chat.approvals(conversation)
        await chat.decide(conversation, waiting, approve=True)
        user_id = chat.user.id

        told = json.loads((await chat.exporting.file(user_id, conversation, Form.JSON)).content)
        shown = (await chat.exporting.file(user_id, conversation, Form.MARKDOWN)).content.decode()

        assert (told["format"], told["version"], told["id"]) == (
            "xerus-conversation",
            1,
            conversation,
        )
        kinds = [entry["kind"] for entry in told["entries"]]
        assert kinds == ["person", "approval", "tool", "assistant", "usage"]
        _, approval, tool, answer, _ = told["entries"]
        assert approval["state"] == "approved"
        assert approval["asked_at"] <= approval["decided_at"]
        assert json.loads(tool["arguments"]) == {"text": "harmless"}
        assert tool["result"] == "write done"
        assert answer["text"] == "Told: write done"
        assert all(
            entry["at"] for entry in told["entries"] if entry["kind"] not in {"approval", "usage"}
        )
        for words in ("## You", "approved", '"text": "harmless"', "write done", "Told: write done"):
            assert words in shown
        assert "<script" not in shown.replace("\\<script", "")
        assert (await chat.events())[-1] == "assistant:conversation:exported"


async def test_an_archive_has_every_conversation_once_in_each_form(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, answers) as chat:
        for n in range(55):
            await chat.send(f"Question {n % 2}")
        await chat.assistant.send(person(), None, "Not hers")

        archive = await unpacked(chat)

        assert len(archive) == 110
        assert all(len(name) < 120 and "/" not in name for name in archive)
        ids = {json.loads(one)["id"] for name, one in archive.items() if name.endswith(".json")}
        assert len(ids) == 55
        assert b"Not hers" not in b"".join(archive.values())


async def test_nothing_of_somebody_elses_is_exported_and_exports_are_counted(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, answers) as chat:
        conversation = await chat.send("Mine")
        stranger = person().id
        for asked in (conversation, new_id(), "no id"):
            with pytest.raises(NotFound):
                await chat.exporting.file(stranger, asked, Form.JSON)
        for _ in range(4):
            pieces = await chat.exporting.archive(stranger)
            packed = b"".join([piece async for piece in pieces])
            assert zipfile.ZipFile(io.BytesIO(packed)).namelist() == []
        with pytest.raises(LimitReached):
            await chat.exporting.archive(stranger)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("../../etc/passwd", ".. .. etc passwd"),
        ('a"b\\c|d<e>f:g*h?i%j\r\nX: y', "a b c d e f g h i j X y"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\u30d0\u30b0", "\u30d0\u30b0"),
        ("x" * 120, "x" * 60),
        ("...", "Untitled"),
    ],
)
async def test_names_of_files_are_harmless_whatever_the_title(
    database: Database, tmp_path: Path, title: str, name: str
) -> None:
    async with chatting(database, tmp_path, answers) as chat:
        conversation = await chat.send("Hello")
        await chat.conversations.rename(chat.user.id, conversation, title)
        file = await chat.exporting.file(chat.user.id, conversation, Form.MARKDOWN)
        day = f"{chat.clock.now():%Y-%m-%d}"
        assert file.name == f"{day} {name.strip(' .')} ({conversation[:8]}).md"


async def unpacked(chat: Chat) -> dict[str, bytes]:
    packed = b"".join([piece async for piece in await chat.exporting.archive(chat.user.id)])
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}
