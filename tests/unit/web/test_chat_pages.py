from tests.unit.web.fakes import World


async def test_a_new_chat_names_the_demo_model_and_offers_examples() -> None:
    async with World().client() as http:
        page = await http.get("/")
    assert "Demo model: no AI." in page.text
    assert "find open bugs in ENG" in page.text
    assert "What can I do for you, Ada?" in page.text


async def test_models_are_chosen_only_where_there_are_several() -> None:
    world = World()
    async with world.client() as http:
        alone = await http.get("/")
        world.assistant.models = ("openai:gpt", "compatible:gpt", "anthropic:claude")
        several = await http.get("/")
    assert 'name="model"' not in alone.text
    assert '<label for="model">Model</label>' in several.text
    assert '<option value="openai:gpt" selected>openai:gpt</option>' in several.text
    assert '<option value="anthropic:claude">claude</option>' in several.text


async def test_a_conversation_says_that_its_model_is_no_more_and_which_one_answers() -> None:
    world = World()
    async with world.client() as http:
        await http.post("/chat", data=world.form(text="hello"))
        world.conversations.add("talk", "Talk", model="openai:gone")
        without = await http.get("/chat/talk")
        world.assistant.models = ("openai:gpt", "anthropic:claude")
        page = await http.get("/chat/talk")
    assert "openai:gone was chosen here" in without.text
    assert "The demo model answers now." in without.text
    assert "openai:gpt answers now." in page.text
    assert '<option value="openai:gpt" selected>' in page.text


async def test_a_message_without_scripts_reloads_with_the_whole_answer() -> None:
    world = World()
    async with world.client() as http:
        answer = await http.post("/chat", data=world.form(text="hello", conversation_id=""))
        page = await http.get(answer.headers["location"])
    assert (answer.status_code, answer.headers["location"]) == (303, "/chat/talk")
    assert "hello" in page.text
    assert "<p>Understood.</p>" in page.text


async def test_a_message_by_script_gets_the_transcript_alone() -> None:
    world = World()
    async with world.client() as http:
        answer = await http.post(
            "/chat", data=world.form(text="hello"), headers={"HX-Request": "true"}
        )
    assert answer.status_code == 200
    assert answer.headers["hx-push-url"] == "/chat/talk"
    assert "<html" not in answer.text
    assert 'id="conversations" hx-swap-oob="true"' in answer.text


async def test_what_a_person_wrote_is_text_and_never_markup() -> None:
    world = World()
    async with world.client() as http:
        await http.post("/chat", data=world.form(text="<script>alert(1)</script>"))
        page = await http.get("/chat/talk")
    assert "<script>alert" not in page.text


async def test_an_empty_message_is_refused_in_words() -> None:
    world = World()
    async with world.client() as http:
        answer = await http.post("/chat", data=world.form(text="  "))
    assert answer.status_code == 400
    assert "Write something" in answer.text


async def test_a_conversation_of_somebody_else_is_not_found() -> None:
    world = World()
    world.assistant.entries["talk"] = []
    async with world.client("grace-token") as http:
        assert (await http.get("/chat/talk")).status_code == 404
