"""What a process loads: the libraries of its roles, and no others."""

import subprocess
import sys

import pytest

_LOADED = "import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"


def _loaded(module: str) -> set[str]:
    code = _LOADED.format(module=module)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return set(done.stdout.split())


@pytest.fixture(scope="module")
def to_serve() -> set[str]:
    return _loaded("xerus.app.serving")


def test_a_process_with_nothing_to_migrate_loads_no_migration_library(to_serve: set[str]) -> None:
    assert "psycopg" in to_serve
    assert not {"alembic", "sqlalchemy", "mako"} & to_serve


def test_a_process_without_the_web_role_loads_no_model_library(to_serve: set[str]) -> None:
    assert "mcp" in to_serve
    assert "pydantic_ai" not in to_serve
    assert "pydantic_ai" in _loaded("xerus.app.web")


def test_the_check_of_the_settings_loads_no_web_server() -> None:
    assert not {"starlette", "uvicorn", "mcp"} & _loaded("xerus.app.checking")
