"""The contract tests, tested: sound providers pass every check, and each mutant is failed by the check it names."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aggregator.contract import Verdict, check_provider
from aggregator.contract.__main__ import main
from aggregator.contract.case import CHECKS

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
MUTANTS = sorted((HERE / "mutants").glob("*.py"))
SOUND = sorted(HERE.glob("sound_*.py"))


def caught_by(mutant: Path) -> str:
    return mutant.read_text(encoding="utf-8").splitlines()[0].removeprefix("# caught by: ")


def failed(verdicts: list[Verdict]) -> dict[str, str]:
    return {each.name: each.reason for each in verdicts if each.outcome == "FAILED"}


@pytest.fixture(autouse=True)
def _folder_as_it_was():
    yield
    (HERE / "crate" / "index.txt").unlink(missing_ok=True)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda path: path.stem)
def test_a_mutant_is_failed_by_the_check_it_names(mutant):
    name = caught_by(mutant)
    assert name in failed(check_provider(mutant, only=name))


@pytest.mark.parametrize("sound", SOUND, ids=lambda path: path.stem)
def test_the_sound_twins_pass_everything(sound):
    verdicts = check_provider(sound)
    assert failed(verdicts) == {}
    assert all(each.reason for each in verdicts if each.outcome == "n/a")


def test_every_check_catches_a_mutant():
    assert {each.name for each in CHECKS} <= {caught_by(mutant) for mutant in MUTANTS}
    assert len(CHECKS) >= 20 and len(MUTANTS) >= 25


# --- on the command line ----------------------------------------------------------------------------------------------


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "aggregator.contract", *map(str, arguments)]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_prints_a_line_for_each_check_and_tells_by_its_exit_code():
    good = command("tests/contract/sound_plays.py")
    assert good.returncode == 0, good.stdout
    lines = good.stdout.splitlines()[:-2]
    assert all(line.split()[0] in ("ok", "n/a", "FAILED") for line in lines)
    assert {check.name for check in CHECKS if "delta" in check.shapes} <= {line.split()[1] for line in lines}
    bad = command("tests/contract/mutants/no_checkpoint.py")
    assert bad.returncode == 1
    assert "FAILED  checkpoints (plays): It yields no Checkpoint" in bad.stdout


def test_what_cannot_be_looked_at_is_said():
    nothing = command("tests/contract/nowhere.py")
    assert (nothing.returncode, nothing.stdout) == (2, "") and "There is no file" in nothing.stderr


@pytest.mark.parametrize("code", ["def", "import nowhere_at_all", "raise SystemExit(0)", "x = 1"])
def test_a_file_that_cannot_be_loaded_has_failed(code, tmp_path, capsys):
    file = tmp_path / "broken.py"
    file.write_text(code)
    assert main([str(file)]) == 1
    assert capsys.readouterr().out.startswith("FAILED  described: It ")


def test_a_provider_without_replies_is_told_what_that_leaves_out(tmp_path):
    alone = tmp_path / "alone.py"
    alone.write_text((HERE / "sound_shows.py").read_text().replace('"gigs"', '"alone"'))
    verdicts = {each.name: each for each in check_provider(alone)}
    assert verdicts["unauthorized"].outcome == "ok"
    assert verdicts["one-bad-item"].outcome == "n/a" and "alone.replies.json" in verdicts["one-bad-item"].reason


@pytest.mark.parametrize("name", ["yields_plain_values", "ends_the_process", "times_without_zone"])
def test_no_provider_ends_the_checks_themselves(name):
    assert check_provider(HERE / "mutants" / f"{name}.py")[-1].name == "gate-only"


def test_ids_may_be_short_and_the_recorded_area_may_end_before_the_odd_dates(tmp_path):
    told = json.loads((HERE / "gigs.replies.json").read_text())
    for number, event in enumerate(each for one in told["exchanges"] for each in one["body"]["events"]):
        event["id"] = number
    told["area"] = {"latitude": 51, "longitude": 4, "radius_km": 50, "since": "2027-03-01", "until": "2027-06-30"}
    (tmp_path / "short.replies.json").write_text(json.dumps(told))
    verdicts = check_provider(HERE / "sound_shows.py", tmp_path / "short.replies.json")
    assert failed(verdicts) == {}
    assert {"skipped-by-name", "dst-dates"} <= {each.name for each in verdicts if each.outcome == "ok"}


def test_a_record_that_does_not_fit_is_told_with_its_field(tmp_path):
    code = (
        (HERE / "sound_plays.py")
        .read_text()
        .replace("yield Checkpoint(cursor=json.dumps(", "yield Checkpoint(cursor=len(")
    )
    (tmp_path / "counts.py").write_text(code)
    reason = failed(check_provider(tmp_path / "counts.py", HERE / "plays.replies.json"))["reads-answers"]
    assert "Checkpoint cursor Input should be a valid string" in reason


def test_a_provider_is_checked_within_a_second():
    check_provider(HERE / "sound_shows.py")  # what is imported once
    began = time.process_time()
    check_provider(HERE / "sound_shows.py")
    assert time.process_time() - began < 2.0  # 0.5 on a quiet machine
