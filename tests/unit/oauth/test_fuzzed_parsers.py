"""The fuzzers of `make soak` in short: dice instead of coverage."""

from pathlib import Path

from tests.support.fuzzed.redirects import Redirects
from tests.support.fuzzed.source import Dice
from tests.support.fuzzed.tokens import Tokens
from tests.support.fuzzed.words import Words

_TRIALS = 20_000


def test_only_a_registered_redirect_or_its_loopback_on_another_port_is_accepted() -> None:
    redirects, dice = Redirects(), Dice(1)
    for _ in range(_TRIALS):
        redirects.trial(dice)


def test_only_a_token_that_was_signed_is_accepted_unchanged(tmp_path: Path) -> None:
    tokens, dice = Tokens(tmp_path), Dice(2)
    for _ in range(_TRIALS):
        tokens.trial(dice)


def test_scopes_and_verifiers_of_any_text_are_read_or_refused_in_plain_words() -> None:
    words, dice = Words(), Dice(3)
    for _ in range(_TRIALS):
        words.trial(dice)
