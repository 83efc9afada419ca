"""Rows of results.json, what they are held to, and how they are printed.

A row: {bench, subject, cpu_us_per_request, p99_us, ratio, compares, value, unit}. `compares` names the figure that the
ratio is made of, which is Weir's over that subject's; where it is neither of the first two, it is "value", in `unit`.
What was not measured is null.
"""

# bench: what is to hold of Weir's row, as (words, limit of the ratio, subjects of whom the best counts), or as
# (words, limit of the value).
BARS = {
    "http1-keepalive-64": [("0.90 of the better of HAProxy and nginx", 0.90, ("haproxy", "nginx")),
                           ("1.15 of a raw relay", 1.15, ("relay",))],
    "http2-8x32": [("0.90 of HAProxy", 0.90, ("haproxy",))],
    "grpc-8x32": [("0.90 of HAProxy", 0.90, ("haproxy",))],
    "mesh-grpc-8x32": [("1.10 of the same as plain HTTP/2", 1.10, ("weir, plain HTTP/2",))],
    "http1-64k": [("1.00 of HAProxy", 1.00, ("haproxy",))],
    "http1-1m": [("1.00 of HAProxy", 1.00, ("haproxy",))],
    "tls-keepalive-64": [("1.00 of both HAProxy and nginx", 1.00, ("haproxy", "nginx"))],
    "tls-handshakes": [("1.00 of both HAProxy and nginx", 1.00, ("haproxy", "nginx"))],
    "paced-half": [("p99 1.00 of the better of HAProxy and nginx", 1.00, ("haproxy", "nginx"))],
    "rules-10000": [("1.10 of ten rules", 1.10, ("weir, 10 rules",))],
    "table-10000": [("applied within 50 ms", 50.0)],
    "table-10000-delay": [("no request takes longer than 5 ms", 5.0)],
    "idle-9000": [("8 KiB a connection", 8.0)],
}


def row(bench, subject, cpu=None, p99=None, value=None, unit=None):
    return {"bench": bench, "subject": subject, "cpu_us_per_request": cpu, "p99_us": p99, "ratio": None,
            "compares": "cpu_us_per_request" if value is None else "value", "value": value, "unit": unit}


def figure(row_):
    return row_[row_["compares"]]


def with_ratios(rows):
    """The rows, each with Weir's figure over its own; rounded to what they are worth."""
    own = {each["bench"]: figure(each) for each in rows if each["subject"] == "weir"}
    done = []
    for each in rows:
        weir = own.get(each["bench"])
        ratio = round(weir / figure(each), 3) if weir is not None and figure(each) else None
        rounded = {key: round(each[key], 3) if isinstance(each[key], float) else each[key] for key in each}
        done.append({**rounded, "ratio": ratio})
    return done


def verdicts(rows):
    """(bench, what shall hold, what was measured, whether it holds: None where it could not be compared)."""
    for bench in dict.fromkeys(each["bench"] for each in rows):
        by_subject = {each["subject"]: each for each in rows if each["bench"] == bench}
        for words, limit, *others in BARS.get(bench, []):
            if "weir" not in by_subject:
                yield bench, words, None, None
            elif not others:
                value = by_subject["weir"]["value"]
                yield bench, words, f"{value:.2f} {by_subject['weir']['unit']}", value <= limit
            else:
                ratios = [by_subject[other]["ratio"] for other in others[0] if other in by_subject]
                compared = [each for each in ratios if each is not None]
                worst = max(compared, default=None)
                yield bench, words, worst and f"{worst:.3f}", None if worst is None else worst <= limit


def text_of(number, digits=2):
    return "-" if number is None else f"{number:.{digits}f}"


def table(rows, markdown=False):
    """Every row, then every bar, as lines of text."""
    heads = ("bench", "subject", "cpu us/request", "p99 us", "other", "weir / it")
    cells = [(each["bench"], each["subject"], text_of(each["cpu_us_per_request"]), text_of(each["p99_us"], 0),
              "-" if each["value"] is None else f"{each['value']:.2f} {each['unit']}", text_of(each["ratio"]))
             for each in rows]
    words = {True: "met", False: "MISSED", None: "not compared"}
    bars = [(bench, f"at most {bar}" if bar[0].isdigit() else bar, measured or "-", words[good])
            for bench, bar, measured, good in verdicts(rows)]
    return "\n".join([*columns(heads, cells, markdown), "", *columns(("bench", "bar", "measured", ""), bars, markdown)])


def columns(heads, cells, markdown):
    if markdown:
        return ["| " + " | ".join(line) + " |" for line in (heads, ["---"] * len(heads), *cells)]
    widths = [max(len(line[i]) for line in (heads, *cells)) for i in range(len(heads))]
    return ["  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip() for line in (heads, *cells)]
