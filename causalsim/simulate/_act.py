"""ACT: the configuration whose series the best discriminator can least tell from the real one.

The series is split three ways in blocks of time: models are fitted to the first kind, chosen on
the second, and reported on the third, so that the AUC that chose is never the one reported.

References
----------
.. [ACT] Gkorgkolis, Kougioulis, Wang, Caglayan, Tonon, Simionato & Tsamardinos, arXiv 2506.02084
   version 2: min over configurations of max over discriminators, and a penalty for edges.
.. [Jamieson2016] Jamieson & Talwalkar, Non-stochastic best arm identification and hyperparameter
   optimization, AISTATS 2016: successive halving.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from causalsim._parallel import Progress, check_progress, stream
from causalsim._rng import RNG, check_rng
from causalsim.data import Table
from causalsim.errors import CausalSimError, DataError, OptionError
from causalsim.scm.temporal import TemporalSCM
from causalsim.simulate._bench import Bench, Plan
from causalsim.simulate._candidates import Candidate, fit_candidates
from causalsim.simulate._doubts import doubted, doubts_of_data
from causalsim.simulate._leaderboard import Entry, Store, digest
from causalsim.simulate._penalty import PENALTIES, scores_of, sparsest, swap_p_value
from causalsim.simulate._space import Configuration, get_space
from causalsim.simulate._tcs import checked_panel
from causalsim.simulate._tuning import Split, TuningResult
from causalsim.simulate._windows import as_frame

__all__ = ["ROUNDS", "Round", "act"]

Floats = NDArray[np.float64]
Budget = int | str | None
_SWAPS = 1000
_LEAST_BLOCKS = 8


@final
@dataclass(frozen=True)
class Round:
    """One round of successive halving.

    Parameters
    ----------
    panel : str or sequence of str
        Discriminators; see :class:`._bench.Plan`.
    paths : int
        Simulated by each configuration.
    keep : int or None
        Configurations that go on to the next round; all if None.
    """

    panel: Any = "default"
    paths: int = 20
    keep: int | None = None


ROUNDS = (Round("logistic_quadratic", 8, 6), Round("default", 3, 2), Round("default", 12))
PUBLISHED = (Round("default", 1),)


def act(
    series: Any,
    *,
    max_lag: int,
    space: str | Iterable[Configuration] = "default",
    protocol: Literal["blocked", "published"] = "blocked",
    penalty: str = "one_se",
    budget: Budget = None,
    rounds: Sequence[Round] | None = None,
    block: int = 50,
    leaderboard: str | os.PathLike[str] | None = None,
    n_jobs: int = 1,
    progress: bool | Progress = False,
    rng: RNG = None,
) -> TuningResult:
    """Tune a simulator adversarially.

    Each configuration is fitted to half of the series, in blocks of time. Rounds of successive
    halving judge them on a quarter by the largest AUC over a panel of discriminators; of those
    as good as the best the sparsest is taken and fitted to the whole series.
    ``result.fidelity`` judges the winner on the last quarter.

    Parameters
    ----------
    series : DataFrame, ndarray or path
        One row per step, oldest first.
    max_lag : int
    space : {"default", "small"} or iterable of Configuration
        ``"default"`` has 24 configurations, ``"small"`` 6.
    protocol : {"blocked", "published"}
        ``"published"`` fits to and judges on the whole series by random splits of overlapping
        windows, one path each: only to compare with published numbers.
    penalty : {"one_se", "permutation", "none"}
        Which configurations count as good as the best: those within one standard error, those
        that a permutation test of level .05 does not tell from it, or itself alone.
    budget : int or str, optional
        At most so many configurations, or, as ``"90 s"``, no new judgement after that time.
    rounds : sequence of Round, optional
    block : int
        Steps of a block of the split.
    leaderboard : path, optional
        A file that keeps what was judged; the same call goes on where it was stopped.
    n_jobs : int
    progress : bool or callable
    rng : int, Generator or None

    Returns
    -------
    TuningResult

    Raises
    ------
    DataError
        If the series cannot be used, or no configuration could be fitted to it.
    OptionError
        If an option is out of range.

    Warns
    -----
    FitWarning
        As :func:`causalsim.tcs`, of the winner alone.

    Examples
    --------
    >>> import causalsim as cs
    >>> series = cs.random_temporal_scm(["X", "Y"], max_lag=1, rng=1).sample(400, rng=1).frame()
    >>> space = [cs.simulate.Configuration(how, "ridge") for how in ("ar", "dense")]
    >>> rounds = [cs.simulate.Round("logistic", 2)]
    >>> result = cs.act(series, max_lag=1, space=space, rounds=rounds, rng=0)
    >>> sorted(result.leaderboard["label"]), result.best.variables
    (['ar ridge auto', 'dense ridge auto'], ('X', 'Y'))
    """
    if penalty not in PENALTIES:
        raise OptionError.from_choice("penalty", penalty, PENALTIES)
    table = _one_series(series, max_lag)
    most, seconds = _budget(budget)
    chosen = get_space(space, table.values)[:most]
    root = check_rng(rng)
    seed = int(root.integers(2**32))
    split = Split.of(len(table), block, protocol)
    search = _Search(
        table, max_lag, split, protocol, seed, n_jobs, Store(leaderboard), check_progress(progress)
    )
    candidates = search.fitted(chosen)
    deadline = None if seconds is None else time.monotonic() + seconds
    steps = tuple(rounds or (ROUNDS if protocol == "blocked" else PUBLISHED))
    entries, finalists, bench = search.judged(candidates, steps, deadline)
    winner = search.winner(candidates, entries, finalists, bench, penalty)
    whole = search.fitted([chosen[winner]], everything=True)[0]
    if whole.model is None:
        raise DataError(f"{chosen[winner].label!r} could not be fitted again: {whole.error}.")
    best = doubted(whole.model, doubts_of_data([table]), [table], [0], check_rng(seed))
    return TuningResult(
        best,
        tuple(entries),
        winner,
        chosen[winner],
        protocol,
        penalty,
        table,
        split,
        max_lag,
        seed,
        tuple(chosen),
    )


def _one_series(series: Any, max_lag: int) -> Table:
    panel = checked_panel(series, max_lag)
    if len(panel) != 1:
        raise DataError(
            f"{len(panel)} series; act judges one. Search on one, and fit what is found to "
            "all: cs.act(series[0], max_lag=...).best.refit(series)."
        )
    return panel[0]


def _budget(budget: Budget) -> tuple[int | None, float | None]:
    """Give the most configurations, and the seconds."""
    if budget is None:
        return None, None
    if type(budget) is int and budget > 0:
        return budget, None
    if isinstance(budget, str):
        number, _, unit = budget.strip().rpartition("s")
        try:
            if not unit:
                return None, float(number)
        except ValueError:
            pass
    raise OptionError(f"budget={budget!r}: expected a number of configurations, or '90 s'.")


class _Search(NamedTuple):
    """One search: its data and settings."""

    table: Table
    max_lag: int
    split: Split
    protocol: Literal["blocked", "published"]
    seed: int
    n_jobs: int
    store: Store
    progress: Progress

    def fitted(
        self, chosen: Sequence[Configuration], *, everything: bool = False
    ) -> list[Candidate]:
        """Fit configurations to the fitting blocks, or to the whole series."""
        rows = (slice(0, len(self.table)),) if everything else self.split.fit
        panel = [replace(self.table, values=self.table.values[row]) for row in rows]
        return fit_candidates(
            chosen,
            panel,
            [row.start for row in rows],
            len(self.table),
            self.max_lag,
            seed=self.seed,
            n_jobs=self.n_jobs,
            progress=self.progress,
        )

    def judged(
        self, candidates: Sequence[Candidate], rounds: Sequence[Round], deadline: float | None
    ) -> tuple[list[Entry], list[int], Bench]:
        """Judge in rounds; give all entries, the positions in the last round, and its bench."""
        entries = [_unjudged(each) for each in candidates]
        alive = [k for k, each in enumerate(candidates) if each.model is not None]
        if not alive:
            raise DataError(f"no configuration could be fitted; the first: {candidates[0].error}.")
        bench = self._bench(rounds[0])
        for number, rule in enumerate(rounds, 1):
            bench = self._bench(rule)
            done = self._round(candidates, alive, number, rule, bench, deadline)
            for k, entry in done.items():
                entries[k] = entry
            finished = [k for k in done if done[k].auc is not None]
            if len(done) < len(alive) or not finished:
                break
            ranked = sorted(finished, key=lambda k: entries[k].auc or 0.0)
            alive = ranked[: rule.keep]
        last = max(entry.round for entry in entries)
        finalists = [k for k, e in enumerate(entries) if e.round == last and e.auc is not None]
        if not last or not finalists:
            raise DataError("no configuration was judged; give a larger budget=.")
        return entries, finalists, bench

    def _bench(self, rule: Round) -> Bench:
        plan = Plan(
            rule.panel, max_lag=self.max_lag, protocol=self.protocol, held=self.split.select
        )
        frame = as_frame(self.table.values, self.table.names)
        return plan.bench(frame, reference=False)

    def _round(
        self,
        candidates: Sequence[Candidate],
        alive: Sequence[int],
        number: int,
        rule: Round,
        bench: Bench,
        deadline: float | None,
    ) -> dict[int, Entry]:
        """Judge some candidates, until the deadline; what the store knows is not judged again."""
        keys = {k: self._key(candidates[k], rule) for k in alive}
        done = {k: known for k, key in keys.items() if (known := self.store.get(key))}
        todo = [k for k in alive if k not in done]
        tasks = [(bench, candidates[k], number, rule.paths, self.seed) for k in todo]
        results = stream(_judge, tasks, self.n_jobs)
        for count, (k, entry) in enumerate(zip(todo, results, strict=True), 1):
            done[k] = entry
            self.store.put(keys[k], entry)
            self.progress(count, len(todo), f"round {number}")
            if deadline is not None and time.monotonic() > deadline:
                break
        return {k: done[k] for k in alive if k in done}

    def _key(self, candidate: Candidate, rule: Round) -> str:
        return digest(
            self.table.values,
            self.table.names,
            candidate.configuration,
            rule,
            self.max_lag,
            self.split,
            self.protocol,
            self.seed,
        )

    def winner(
        self,
        candidates: Sequence[Candidate],
        entries: Sequence[Entry],
        finalists: Sequence[int],
        bench: Bench,
        penalty: str,
    ) -> int:
        """Give the position of the sparsest finalist that is as good as the best."""
        aucs = [entries[k].auc or 0.0 for k in finalists]
        edges = [entries[k].edges or 0 for k in finalists]
        best = int(np.argmin(aucs))
        if penalty == "one_se":
            limit = aucs[best] + (entries[finalists[best]].error or 0.0)
            equivalent = [auc <= limit for auc in aucs]
        elif penalty == "permutation":
            equivalent = self._not_told_apart([candidates[k] for k in finalists], best, bench)
        else:
            equivalent = [k == best for k in range(len(aucs))]
        return finalists[sparsest(edges, aucs, equivalent)]

    def _not_told_apart(
        self, finalists: Sequence[Candidate], best: int, bench: Bench
    ) -> list[bool]:
        """Tell which finalists a permutation test of level .05 does not tell from the best."""
        rng = check_rng(self.seed)
        steps = len(self.table)
        scores = []
        for each in finalists:
            assert each.model is not None  # noqa: S101  finalists were judged
            path = each.model.sample(steps, rng=self.seed).array[0]
            scores.append(scores_of(bench, path, rng))
        return [
            k == best or swap_p_value(scores[best], one, swaps=_SWAPS, rng=rng) > 0.05
            for k, one in enumerate(scores)
        ]


def _edges(model: TemporalSCM) -> int:
    """Count the edges between variables, ``<->`` included."""
    return model.graph.subgraph(model.variables).n_edges


def _unjudged(candidate: Candidate) -> Entry:
    edges = None if candidate.model is None else _edges(candidate.model)
    failure = candidate.error or ("" if candidate.model else "not fitted")
    return Entry(candidate.configuration.label, edges, failure=failure)


def _judge(bench: Bench, candidate: Candidate, number: int, paths: int, seed: int) -> Entry:
    """Simulate and judge one configuration; a failure becomes an entry."""
    began = time.monotonic()
    entry = _unjudged(candidate)
    assert candidate.model is not None  # noqa: S101  only fitted ones are judged
    try:
        found = bench.judge(candidate.model.sample(len(bench.series), paths, rng=seed), rng=seed)
    except CausalSimError as error:
        return replace(entry, round=number, failure=f"{type(error).__name__}: {error}")
    return replace(
        entry,
        round=number,
        auc=found.auc,
        error=float(found.errors[0]),
        paths=paths,
        seconds=time.monotonic() - began,
    )
