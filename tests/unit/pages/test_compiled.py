from pathlib import Path

import jinja2
import pytest

from xerus.pages.compiled import Compiled


@pytest.fixture(autouse=True)
def keeping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", False)


def rendered(sources: Path, folder: Path, *, trim_blocks: bool = False) -> str:
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(sources),
        autoescape=True,
        bytecode_cache=Compiled(folder, trim_blocks),
        trim_blocks=trim_blocks,
    )
    return env.get_template("page.html").render(name="<Ada>")


def test_a_compiled_template_is_read_until_its_source_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, folder = tmp_path / "page.html", tmp_path / "__pycache__"
    source.write_text("Hello {{ name }}")
    assert rendered(tmp_path, folder) == "Hello &lt;Ada&gt;"
    with monkeypatch.context() as without:
        without.setattr(jinja2.Environment, "_compile", lambda *_: pytest.fail("compiled again"))
        assert rendered(tmp_path, folder) == "Hello &lt;Ada&gt;"

    source.write_text("Bye {{ name }}")

    assert rendered(tmp_path, folder) == "Bye &lt;Ada&gt;"


def test_what_was_compiled_with_other_options_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("{% if name %}\nHello{% endif %}")
    assert rendered(tmp_path, tmp_path / "__pycache__") == "\nHello"
    assert rendered(tmp_path, tmp_path / "__pycache__", trim_blocks=True) == "Hello"


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("Hello {{ name }}")
    assert rendered(tmp_path, tmp_path / "nowhere" / "__pycache__") == "Hello &lt;Ada&gt;"


def test_python_that_keeps_nothing_keeps_no_template(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "page.html").write_text("Hello {{ name }}")
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    rendered(tmp_path, tmp_path / "__pycache__")
    assert not (tmp_path / "__pycache__").exists()
