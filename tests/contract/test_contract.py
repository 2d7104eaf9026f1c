"""The contract tests as an author uses them: a class to inherit from, or the file itself."""

from pathlib import Path

from aggregator.contract import Contract

HERE = Path(__file__).parent

pytest_plugins = ["pytester"]


class TestShows(Contract):
    provider = HERE / "sound_shows.py"


class TestPlays(Contract):
    provider = "tests.contract.sound_plays"


def author(pytester, name: str, *, mutant: str = "") -> None:
    """A folder with a provider of the author's own and its replies."""
    code = (HERE / "sound_plays.py").read_text() + mutant
    pytester.path.joinpath(f"{name}.py").write_text(code)
    pytester.path.joinpath(f"{name}.replies.json").write_text((HERE / "plays.replies.json").read_text())


def test_ten_lines_are_enough(pytester):
    author(pytester, "mine")
    pytester.makepyfile(
        test_mine="""
        from aggregator.contract import Contract
        from mine import Plays

        class TestMine(Contract):
            provider = Plays
        """
    )
    pytester.runpytest_inprocess("-p", "no:playwright", "-k", "resume or checkpoints").assert_outcomes(passed=2)


def test_the_file_itself_can_be_given_to_pytest(pytester):
    author(pytester, "mine")
    pytester.runpytest_inprocess(
        "mine.py", "-p", "no:playwright", "-k", "resume or settings-described"
    ).assert_outcomes(passed=2)


def test_a_failed_check_says_what_it_asks_for(pytester):
    author(pytester, "mine", mutant="\n    def _page(self, since, until):\n        return []\n")
    result = pytester.runpytest_inprocess("mine.py", "-p", "no:playwright", "-k", "reads-answers or resume")
    result.assert_outcomes(failed=1, skipped=1)
    result.stdout.fnmatch_lines(["*yielded nothing*", "*reads-answers asks: The recorded replies are read*"])
