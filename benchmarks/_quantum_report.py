"""Tables of the report on quantum kernels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from _contest import compare
from _counts import Counts
from _quantum_cells import SHOTS, STRUCTURES, Method, Rates, Recovery, two_laws
from _quantum_real import ALPHAS, Real, real
from _report import markdown, spread, wilson

import causalsim as cs
from causalsim.kernels import QuantumKernel
from causalsim.kernels.quantum import QuantumReport
from causalsim.kernels.quantum import report as quantum_report

__all__ = ["agreement", "changes", "diagnostics", "rates", "recoveries", "tuning"]

PUBLISHED_SIZES = (10, 20, 30, 40, 50, 70, 80, 100)
PUBLISHED = {
    "collider": ((2, 13, 17, 25, 28, 29, 30, 28), (3, 17, 24, 25, 29, 27, 30, 28)),
    "fork": ((0, 1, 0, 5, 8, 20, 20, 21), (0, 8, 21, 19, 25, 15, 14, 14)),
    "chain": ((0, 2, 5, 13, 10, 16, 22, 26), (2, 13, 22, 23, 21, 20, 26, 22)),
    "all-independent": ((27, 28, 25, 29, 30, 24, 26, 23), (24, 27, 21, 27, 24, 26, 24, 23)),
}
LABELS = {
    "kci": "`kci`",
    "gaussian": "Gaussian, width {:g}",
    "qpc": "`qpc`, scale {:g}",
    "qpc_plus": "`qpc_plus`, scale {:g}",
    "qpc_plus_shots": f"`qpc_plus`, scale {{:g}}, {SHOTS} shots",
    "fisher_z": "`fisher_z`",
}


CHOSEN = (
    "The defaults compete in this grid: width 1.2 of `kci` and scale 0.25 of `qpc_plus`. "
    "Where one of them wins, tuned and untuned are the same test: the Gaussian of width 1.2 "
    "repeats every number of `kci`, and a tuned `qpc_plus` of scale 0.25 has no row of its own. "
    "Equal rows are then one control shown twice, not two that agree."
)


def label(method: Method) -> str:
    """Name a row."""
    return LABELS[method.name].format(method.value)


def share(count: dict[str, Any]) -> str:
    """Write a share of exact recoveries with its interval."""
    hits, repetitions = count["hits"], count["repetitions"]
    low, high = wilson(hits, repetitions)
    return f"{hits / repetitions:.2f} [{low:.2f}, {high:.2f}]"


def tuning(cells: Iterable[Recovery], counts: Counts) -> str:
    """Tabulate what the settings were chosen by, and say where a choice is the default."""
    total: dict[tuple[Method, int], list[float]] = {}
    for cell in cells:
        count = counts[cell.key]
        shares = total.setdefault((cell.method, cell.n), [])
        shares.append(count["hits"] / count["repetitions"])
    methods, sizes = (list(dict.fromkeys(part)) for part in zip(*total, strict=True))
    grouped = ((method, [total[method, n] for n in sizes]) for method in methods)
    rows = [
        [label(method), *(f"{np.mean(part):.3f}" for part in [*shares, shares])]
        for method, shares in grouped
    ]
    return markdown(["setting", *(f"n={n}" for n in sizes), "mean"], rows) + f"\n\n{CHOSEN}"


def recoveries(
    cells: Iterable[Recovery], counts: Counts, sizes: Sequence[int], methods: Sequence[Method]
) -> str:
    """Tabulate exact recovery: means over graphs and sizes, then one table for each graph."""
    found = {(c.structure, c.n, c.method): counts[c.key] for c in cells}
    header = ["test", *(f"n={n}" for n in sizes)]
    parts = [markdown(["test", *STRUCTURES, "mean"], [_means(found, m, sizes) for m in methods])]
    for structure in STRUCTURES:
        rows = [_published(structure, side, sizes) for side in range(2)]
        rows += [[label(m), *(share(found[structure, n, m]) for n in sizes)] for m in methods]
        parts.append(f"### {structure.capitalize()}\n\n{markdown(header, rows)}")
    return "Means over sizes:\n\n" + "\n\n".join(parts)


def _means(found: dict[Any, dict[str, Any]], method: Method, sizes: Sequence[int]) -> list[str]:
    shares = [
        [c["hits"] / c["repetitions"] for c in (found[s, n, method] for n in sizes)]
        for s in STRUCTURES
    ]
    means = [float(np.mean(part)) for part in shares]
    return [label(method), *(f"{mean:.3f}" for mean in [*means, float(np.mean(means))])]


def _published(structure: str, side: int, sizes: Sequence[int]) -> list[str]:
    known = dict(zip(PUBLISHED_SIZES, PUBLISHED[structure][side], strict=True))
    name = ("published, classical", "published, quantum")[side]
    return [name, *(f"{known[n]} of 30" if n in known else "" for n in sizes)]


def rates(
    cells: Iterable[Rates], counts: Counts, sizes: Sequence[int], methods: Sequence[Method]
) -> str:
    """Tabulate level and power, one table for each design."""
    found = {(c.design, c.k, c.n, c.method): counts[c.key] for c in cells}
    parts = []
    for design, k in dict.fromkeys(key[:2] for key in found):
        rows = [
            [label(m), *(_rate(found[design, k, n, m]) for n in sizes)]
            for m in methods
            if (design, k, sizes[0], m) in found
        ]
        title = TITLES[design].format(k=k)
        parts.append(f"{title}\n\n{markdown(['test', *(f'n={n}' for n in sizes)], rows)}")
    return "\n\n".join(parts)


TITLES = {
    "two laws": (
        "x = f(z) + .5e, y = g(z) + .5u; under the alternative y = g(z) + h(x) + .7u; f, g, h "
        "drawn from sin, tanh, t^2, cos 2t, t; one conditioning column:"
    ),
    "additive": "The additive family of [calibration.md](calibration.md), {k} columns in the set:",
}


def _rate(count: dict[str, Any]) -> str:
    repetitions = count["repetitions"]
    low, _ = wilson(count["rejected"], repetitions)
    size, power, fair = (count[p] / repetitions for p in ("rejected", "power", "fair_power"))
    shown = f"**{size:.3f}**" if low > 0.05 else f"{size:.3f}"
    return f"{shown} / {power:.2f} ({fair:.2f})"


def diagnostics(scales: Iterable[float]) -> str:
    """Tabulate what the zz map makes of every data set, at each scale."""
    table = two_laws(100, 1, dependent=True, repetition=0)
    x, _, z = table.values.T
    joint = np.column_stack([(v - v.mean()) / v.std(ddof=1) for v in (x, z)]) * [1.0, 0.5]
    rows = []
    for scale in scales:
        plain = QuantumKernel("zz", scale=scale)
        for name, columns in [
            ("simulated, n=100", table.values.T),
            *((data, real(data).to_numpy().T) for data in ("sachs", "boston", "cleveland")),
        ]:
            rows.append(_diagnosis(scale, name, [quantum_report(plain, c) for c in columns]))
        alone = QuantumKernel("zz", scale=scale, standardise=False)
        rows.append(_diagnosis(scale, "simulated, joint", [quantum_report(alone, joint)]))
    header = ["scale", "data", "qubits", "effective dimension", "largest phase", "rows above pi"]
    return markdown([*header, "mean entry", "sd", "shot noise"], rows)


def _diagnosis(scale: float, name: str, reports: Sequence[QuantumReport]) -> list[str]:
    fields = ("effective_dimension", "largest_phase", "wrapped", "mean", "sd")
    noise = [float(np.sqrt(r.mean * (1 - r.mean) / SHOTS)) for r in reports]
    return [
        *(f"{scale:g}", name, str(reports[0].qubits)),
        *(_range([getattr(r, part) for r in reports], 2) for part in fields),
        _range(noise, 3),
    ]


def _range(values: Sequence[float], digits: int) -> str:
    low, high = (f"{end:.{digits}f}" for end in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def agreement(cells: Iterable[Real], counts: Counts) -> str:
    """Tabulate distances to the published graphs of Sachs."""
    names = list(real("sachs").columns)
    opinions = [
        cs.datasets.reference("sachs").to_cpdag(),
        cs.datasets.reference("sachs", source="literature").to_cpdag(),
    ]
    empty = cs.CPDAG.from_edges([], names)
    grouped: dict[tuple[int, Method], list[Real]] = {}
    for cell in cells:
        if cell.data == "sachs":
            grouped.setdefault((cell.n or len(real("sachs")), cell.method), []).append(cell)
    rows = [["", "no edges", "", "0", *(f"{cs.metrics.shd(empty, o):.0f}" for o in opinions)]]
    for (n, method), group in grouped.items():
        for alpha in ALPHAS:
            graphs = [_graph(cell, counts, alpha, names) for cell in group]
            values = [[float(graph.n_edges) for graph in graphs]]
            values += [[cs.metrics.shd(graph, o) for graph in graphs] for o in opinions]
            rows.append([str(n), label(method), f"{alpha:g}", *map(_mean, values)])
    header = ["n", "test", "alpha", "edges", "distance to 17 edges", "distance to 20 edges"]
    return markdown(header, rows)


def _mean(values: Sequence[float]) -> str:
    return spread(values, 1) if len(values) > 1 else f"{values[0]:.0f}"


def _graph(cell: Real, counts: Counts, alpha: float, names: list[str]) -> cs.CPDAG:
    return cs.CPDAG.from_edges(counts[cell.key]["edges"][str(alpha)], names)


def changes(cells: Iterable[Real], counts: Counts) -> str:
    """Tabulate what each test and level joins otherwise than ``kci``, on all rows."""
    whole = [cell for cell in cells if not cell.n]
    rows, texts = [], []
    for cell in whole:
        names = list(real(cell.data).columns)
        base = Real(cell.data, Method("kci"))
        for alpha in ALPHAS:
            graph, other = (_graph(c, counts, alpha, names) for c in (cell, base))
            parts = compare(graph.marks, other.marks)
            numbers = [str(parts[part]) for part in PARTS]
            rows.append([cell.data, label(cell.method), f"{alpha:g}", str(graph.n_edges)])
            rows[-1] += [*numbers, _into_age(cell, graph)]
            edges = ", ".join(graph.edges) or "no edges"
            texts.append(f"- {cell.data}, {label(cell.method)}, alpha {alpha:g}: {edges}")
    header = ["data", "test", "alpha", "edges", "only here", "only `kci`", "marked otherwise"]
    return markdown([*header, "into age"], rows) + "\n\nThe graphs:\n\n" + "\n".join(texts)


PARTS = ("pairs only ours", "only theirs", "marked otherwise")


def _into_age(cell: Real, graph: cs.CPDAG) -> str:
    if cell.data != "cleveland":
        return ""
    return ", ".join(graph.parents("age")) or "none"
