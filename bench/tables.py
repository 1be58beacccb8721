"""What was measured, as rows of values and as a table for people."""

from goals import all_hold
from rows import ROWS

COLUMNS = ("workload", "figure", "ZooKeeper", "ours", "recording", "limit", "ratio", "must", "", "aim", "")
WORDS = {True: "met", False: "MISSED", None: "-"}


def result(row, values):
    """One row of the result: medians (or the worst), all slices, and which goals hold."""
    figures = []
    for figure in row.figures:
        slices = values[figure.name]
        medians = {kind: figure.over(all_values) for kind, all_values in slices.items()}
        ours, java = medians.get("ours"), medians.get("java")
        figures.append({
            "name": figure.name, "label": figure.label, "unit": figure.unit, "medians": medians, "slices": slices,
            "ratio": ours / java if ours is not None and java else None,
            "must": [bound.text(figure) for bound in figure.must],
            "must_met": all_hold(figure.must, medians) if figure.must else None,
            "aim": [bound.text(figure) for bound in figure.aim],
            "aim_met": all_hold(figure.aim, medians) if figure.aim else None,
        })
    return {"name": row.name, "title": row.title, "figures": figures}


def failed(row, why):
    return {"name": row.name, "title": row.title, "figures": [], "failed": why}


def cells(entry):
    if "failed" in entry:
        return [[entry["title"], f"failed: {entry['failed']}", *[""] * 9]]
    row = next(row for row in ROWS if row.name == entry["name"])
    lines = []
    for index, (figure, values) in enumerate(zip(row.figures, entry["figures"])):
        medians = values["medians"]
        ratio = values["ratio"]
        lines.append([entry["title"] if index == 0 else "", figure.label,
                      *[figure.show(medians.get(kind)) for kind in ("java", "ours", "recorded", "limit")],
                      "-" if ratio is None else f"{ratio:.3g}x",
                      ", ".join(values["must"]), WORDS[values["must_met"]] if values["must"] else "",
                      ", ".join(values["aim"]), WORDS[values["aim_met"]] if values["aim"] else ""])
    return lines


def row_lines(entry):
    """A finished row, for the progress."""
    return "\n".join("  ".join(cell for cell in line if cell) for line in cells(entry))


def table(everything):
    lines = [list(COLUMNS)] + [line for entry in everything["rows"] for line in cells(entry)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(COLUMNS))]
    # A failure's text may run over its column.
    widths[1] = min(widths[1], 40)
    facts = everything["machine"]
    head = (f"{facts['cores']} cores, {facts['cpu']}, Linux {facts['kernel']}; "
            f"medians of {everything['slices']} slices of {everything['seconds']:g} s")
    body = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
    return "\n".join([head, body[0], "-" * len(body[0]), *body[1:]])


def musts_met(everything):
    """False when a must was missed or a row failed; what could not be told does not count."""
    return not any("failed" in entry or any(figure["must_met"] is False for figure in entry["figures"])
                   for entry in everything["rows"])
