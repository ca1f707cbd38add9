"""Reads the settings from the environment, `.env` and the files that `NAME_FILE` names."""

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from platformdirs import user_data_path
from pydantic import ValidationError

from xerus.settings.checks import contradictions
from xerus.settings.groups import Group, Settings, group_class, known, names_of
from xerus.settings.problems import Problem, SettingsError


def environment() -> dict[str, str]:
    """Return the process environment over the values of `.env` in the working folder."""
    from_file = {k: v for k, v in dotenv_values(".env").items() if v is not None}
    return {**from_file, **os.environ}  # noqa: TID251 - this file is the one reader


def load(env: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: one or more settings are wrong; all of them are named.
    """
    settings, problems = examine(environment() if env is None else env)
    if problems:
        raise SettingsError(problems)
    return settings


def examine(env: Mapping[str, str]) -> tuple[Settings, list[Problem]]:
    """Read the settings and name every problem; what is wrong stands at its default."""
    given = {name: value.strip() for name, value in env.items() if value.strip()}
    values, problems = _values(given)
    groups: dict[str, Group] = {}
    for name, info in Settings.model_fields.items():
        groups[name], found = _group(group_class(info), values)
        problems += found
    settings = Settings.model_validate(groups)
    wrong = {name for problem in problems for name in problem.variable.split(" and ")}
    return settings, [*_unknown_names(given), *problems, *contradictions(settings, wrong)]


def _group(model: type[Group], values: Mapping[str, Any]) -> tuple[Group, list[Problem]]:
    try:
        return model.model_validate(values), []
    except ValidationError as error:
        problems = list(_explain(error, model))
        wrong = {problem.variable for problem in problems}
        sound = {name: value for name, value in values.items() if name not in wrong}
        return model.model_validate(sound), problems


def _values(given: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    """Resolve alternative names and `_FILE` twins to one value per setting."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for setting in known():
        candidates: dict[str, str] = {}
        for name in setting.names:
            if name in given:
                candidates[name] = given[name]
            if setting.secret and f"{name}_FILE" in given:
                content = _read(Path(given[f"{name}_FILE"]))
                if not content:
                    problems.append(_unreadable(f"{name}_FILE", empty=content is not None))
                else:
                    candidates[f"{name}_FILE"] = content
        if len(set(candidates.values())) > 1:
            problems.append(_differing(list(candidates)))
        elif candidates:
            values[setting.names[0]] = next(iter(candidates.values()))
    values.setdefault("XERUS_DATA_DIR", str(user_data_path("xerus")))
    return values, problems


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None


def _unreadable(variable: str, *, empty: bool) -> Problem:
    return Problem(
        variable=variable,
        message="the file it names is empty" if empty else "the file it names cannot be read",
        remedy="Give the path of a readable text file that holds nothing but the value.",
    )


def _differing(names: list[str]) -> Problem:
    return Problem(
        variable=" and ".join(names),
        message="are names of one setting but have different values",
        remedy=f"Keep {names[0]} and remove the rest, or make them equal.",
    )


def _unknown_names(given: Mapping[str, str]) -> Iterator[Problem]:
    names = [name for setting in known() for name in setting.names]
    names += [f"{name}_FILE" for setting in known() if setting.secret for name in setting.names]
    for name in given:
        if not name.startswith("XERUS_") or name in names:
            continue
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.0)
        yield Problem(
            variable=name,
            message="is not a setting of Xerus",
            remedy=f"Did you mean {near[0]}? Otherwise remove it.",
        )


def _explain(error: ValidationError, model: type[Group]) -> Iterator[Problem]:
    by_alias = {names_of(detail)[0]: detail for detail in model.model_fields.values()}
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        variable = str(item["loc"][0])
        detail = by_alias.get(variable)
        yield Problem(
            variable=variable,
            message=item["msg"].removeprefix("Value error, "),
            remedy=f"Correct it. {detail.description if detail else ''}".strip(),
        )
