import pytest

from xerus.tools.choices import ChoiceNeeded, pick


def choose(wanted: str, *names: str) -> str:
    return pick(wanted, names, what="type", names=lambda one: [one], show=lambda one: one)


def test_case_does_not_matter() -> None:
    assert choose("bUG ", "Task", "Bug") == "Bug"


def test_no_match_lists_the_choices_as_data() -> None:
    with pytest.raises(ChoiceNeeded, match="There is no type 'Epic'") as caught:
        choose("Epic", "Task", "Bug")
    assert caught.value.said == "Task; Bug"


def test_several_matches_are_not_guessed_between() -> None:
    with pytest.raises(ChoiceNeeded, match="Several types"):
        choose("bug", "Bug", "BUG", "Task")
