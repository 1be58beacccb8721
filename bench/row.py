"""What a row of the comparison is, and the rows that put a stream of load on standing servers."""

from dataclasses import dataclass
from typing import Callable

from ensembles import ALONE, Shape
from goals import Figure, at_least, at_most

BOTH = ("java", "ours")


@dataclass(frozen=True)
class Row:
    """`measure(run, contender)` gives {figure name: value, or a list of values} of one slice.

    With `shared` the contenders of the whole run are used, warm and of the row's shape; otherwise the measurement
    makes its own.
    """

    name: str
    title: str
    figures: tuple
    measure: Callable
    contenders: tuple = ("java", "ours", "limit")
    shared: bool = True
    slices_max: int = 1000
    shape: Shape = ALONE


def load(*arguments):
    """A slice of load on a warm contender."""
    def measure(run, contender):
        report = run.bench(contender, *arguments, "--seconds", run.seconds, "--warmup", min(0.5, run.seconds / 4))
        if report["operations"] == 0:
            return {"throughput": 0.0}  # it stood still for the whole slice: there is no latency to tell
        return {"throughput": report["operations_a_second"], "p50": report["latency_ns"]["p50"] / 1e3,
                "p99": report["latency_ns"]["p99"] / 1e3, "cpu": report["server_cpu_ns_an_operation"] / 1e3}
    measure.arguments = arguments
    return measure


def shape(connections, outstanding):
    """The load NxM: so many connections with so many requests outstanding on each."""
    return ("--connections", connections, "--outstanding", outstanding)


def throughput(must, *aim):
    return Figure("throughput", "operations a second", "per_second", (at_least(must),), aim)


def p50(must, *aim, label="p50"):
    return Figure("p50", label, "us", (at_most(must),), aim)


CPU = Figure("cpu", "CPU an operation", "us")
