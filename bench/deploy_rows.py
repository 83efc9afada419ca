"""What `bench/deploys` has measured, as a table: one line a subject, the sum or the median of its deployments."""

import statistics

HEAD = ("subject", "deployments", "requests", "failed", "how", "seconds until all moved", "p99 ms during (before)")


def summary(subject, rows):
    done = [row for row in rows if "note" not in row]
    notes = [row["note"] for row in rows if "note" in row]
    if not done:
        return [subject, "0", "", "", "; ".join(notes), "", ""]
    causes = {}
    for row in done:
        for cause, count in row["causes"].items():
            causes[cause] = causes.get(cause, 0) + count
    words = [f"{count} {cause}" for cause, count in sorted(causes.items(), key=lambda one: -one[1])] + notes
    seconds = [row["seconds"] for row in done]
    return [subject, str(len(done)), f"{sum(row['sent'] for row in done):,}", f"{sum(row['failed'] for row in done):,}",
            ", ".join(words), f"{statistics.median(seconds):.1f} (longest {max(seconds):.1f})",
            f"{statistics.median(row['p99_ms'] for row in done):.0f} "
            f"({statistics.median(row['p99_before_ms'] for row in done):.0f})"]


def table(rows, markdown=False):
    subjects = list(dict.fromkeys(row["subject"] for row in rows))
    lines = [list(HEAD)] + [summary(name, [row for row in rows if row["subject"] == name]) for name in subjects]
    if markdown:
        lines.insert(1, ["---"] * len(HEAD))
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)
    widths = [max(len(line[at]) for line in lines) for at in range(len(HEAD))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)
