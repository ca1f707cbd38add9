"""`xerus check`: every setting as found, missing or wrong."""

import sys
from collections.abc import Mapping

from xerus.settings import loading
from xerus.settings.groups import Known, known
from xerus.settings.problems import Problem


def report(env: Mapping[str, str]) -> int:
    """Print one line per setting, then the remedies; return 1 if Xerus would not start."""
    _, problems = loading.examine(env)
    wrong = {name for problem in problems for name in problem.variable.split(" and ")}
    for setting in known():
        print(f"{_state(setting, env, wrong):8} {' / '.join(setting.names)}{_note(setting, env)}")
    for problem in problems:
        print(f"\nwrong    {problem.variable} {problem.message}\n         {problem.remedy}")
    print(f"\n{_verdict(problems)}")
    sys.stdout.flush()
    return 1 if problems else 0


def _given(setting: Known, env: Mapping[str, str]) -> str:
    names = [*setting.names, *(f"{name}_FILE" for name in setting.names if setting.secret)]
    return next((name for name in names if env.get(name, "").strip()), "")


def _state(setting: Known, env: Mapping[str, str], wrong: set[str]) -> str:
    if wrong & {*setting.names, *(f"{name}_FILE" for name in setting.names)}:
        return "wrong"
    if _given(setting, env):
        return "found"
    optional = setting.default or "Default" in setting.description or "Unset" in setting.description
    return "default" if optional else "missing"


def _note(setting: Known, env: Mapping[str, str]) -> str:
    """Say what a missing setting is for; never show a value."""
    if _given(setting, env):
        return ""
    default = f" Default: {setting.default}." if setting.default else ""
    return f": {setting.description}{default if 'Default' not in setting.description else ''}"


def _verdict(problems: list[Problem]) -> str:
    if problems:
        return f"Xerus would not start: {len(problems)} to correct."
    return "Xerus would start."
