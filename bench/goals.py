"""What must be reached and what is aimed at: ratios between contenders, or absolute values."""

import statistics
from dataclasses import dataclass
from typing import Callable


@dataclass(frozen=True)
class Bound:
    """`ours` is at least or at most `factor` times another contender's figure, or `factor` itself."""

    kind: str  # "min" or "max"
    factor: float
    of: str = "java"  # "java", "limit" or "" for an absolute value

    def holds(self, figures):
        """True, False, or None when a figure is missing."""
        ours = figures.get("ours")
        reference = 1.0 if self.of == "" else figures.get(self.of)
        if ours is None or reference is None:
            return None
        bound = self.factor * reference
        return ours >= bound if self.kind == "min" else ours <= bound

    def text(self, figure):
        sign = ">=" if self.kind == "min" else "<="
        if self.of == "":
            return f"{sign} {figure.show(self.factor)}"
        if self.of == "limit":
            return f"{sign} {self.factor:.0%} of limit"
        return f"{sign} {self.factor:.3g}x"


def at_least(factor):
    return Bound("min", factor)


def at_most(factor):
    return Bound("max", factor)


def of_limit(share):
    return Bound("min", share, "limit")


def within_limit(factor):
    return Bound("max", factor, "limit")


def value_at_most(value):
    return Bound("max", value, "")


def value_at_least(value):
    return Bound("min", value, "")


def all_hold(bounds, figures):
    """True when all hold, False when one does not, None when one cannot be told."""
    results = [bound.holds(figures) for bound in bounds]
    if False in results:
        return False
    return None if None in results else True


UNITS = {
    "per_second": lambda v: f"{v / 1e6:.2f}M/s" if v >= 1e6 else f"{v / 1e3:.3g}k/s" if v >= 1e3 else f"{v:.0f}/s",
    "us": lambda v: f"{v / 1e6:.3g} s" if v >= 1e6 else f"{v / 1e3:.3g} ms" if v >= 1e3 else f"{v:.3g} us",
    "bytes": lambda v: f"{v / 1e6:.3g} MB" if v >= 1e6 else f"{v / 1e3:.3g} kB" if v >= 1e4 else f"{v:.0f} B",
    "ratio": lambda v: f"{v:.2f}x",
    "times": lambda v: f"{v:,.0f}x",
    "count": lambda v: f"{v:,.0f}" if v >= 100 else f"{v:.3g}",
}


@dataclass(frozen=True)
class Figure:
    """One measured figure of a row and what it has to reach."""

    name: str   # key in what a measurement returns
    label: str
    unit: str
    must: tuple = ()
    aim: tuple = ()
    over: Callable = statistics.median  # of the values of all slices: the one that is shown and judged

    def show(self, value):
        return "-" if value is None else UNITS[self.unit](value)
