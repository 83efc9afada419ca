"""How a run of the benches was made: kept beside its rows, so that a report says it of what was really measured."""

import json
import subprocess


def beside(results):
    return results.with_suffix(".run.json")


def commit_of(folder):
    """The commit of the work tree, "-dirty" where files differ from it."""
    told = subprocess.run(["git", "-C", folder, "describe", "--always", "--dirty", "--exclude", "*"], capture_output=True,
                          text=True)
    return told.stdout.strip() or "unknown"


def write(results, commit, rounds, seconds_each):
    text = json.dumps({"commit": commit, "rounds": rounds, "seconds_each": seconds_each})
    beside(results).write_text(text + "\n")


def words(results):
    """"at commit abc, 5 rounds of 4 s"."""
    if not beside(results).exists():
        return "at an unknown commit"
    how = json.loads(beside(results).read_text())
    return f"at commit {how['commit']}, {how['rounds']} rounds of {how['seconds_each']} s"
