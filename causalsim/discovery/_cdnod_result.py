"""What CD-NOD returns: a graph with contexts, its changing modules, and what drives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
from numpy.typing import NDArray

from causalsim._rng import RNG
from causalsim.data import Kind, Table, read_table
from causalsim.discovery._context import Context
from causalsim.discovery._driving_force import DrivingForce, driving_force
from causalsim.discovery._independent_change import Decision, positions
from causalsim.discovery._predict import Prediction, predict
from causalsim.discovery._result import DiscoveryResult, read_fields
from causalsim.errors import DataError, FormatError, NameNotFoundError
from causalsim.graph import CPDAG

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CDNODResult"]

Floats = NDArray[np.float64]


@final
@dataclass(frozen=True, eq=False, repr=False)
class CDNODResult(DiscoveryResult[CPDAG]):
    """A discovered graph over variables and contexts.

    Attributes
    ----------
    contexts : tuple of str
        Nodes that are contexts, the last ones of ``graph``.
    decisions : tuple of Decision
        What phase 3 found out about each edge that it looked at.
    forces : dict of str to DrivingForce
        Those that were asked for; they are saved with the result.
    source : Context or None
        The data, in memory only: a loaded result has none.

    Examples
    --------
    >>> from causalsim.citest import Oracle
    >>> from causalsim.discovery._cdnod import cdnod
    >>> from causalsim.graph import DAG
    >>> found = cdnod(None, "C", Oracle(DAG.from_edges(["C --> X", "Y --> X"])))
    >>> found.changing, found.directions["edge"].tolist()
    (('X',), ['Y --> X'])
    """

    contexts: tuple[str, ...]
    decisions: tuple[Decision, ...]
    source: Context | None = field(repr=False)
    forces: dict[str, DrivingForce] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        plain: DiscoveryResult[CPDAG],
        contexts: tuple[str, ...],
        decisions: tuple[Decision, ...],
        source: Context | None = None,
    ) -> Self:
        """Add what is known of contexts to a plain result."""
        known = {part.name: getattr(plain, part.name) for part in fields(DiscoveryResult)}
        return cls(**known, contexts=contexts, decisions=decisions, source=source)

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """Nodes that are no contexts."""
        return tuple(node for node in self.graph.nodes if node not in self.contexts)

    @cached_property
    def changing(self) -> tuple[str, ...]:
        """Variables whose mechanism changes with a context, in node order."""
        found = {child for name in self.contexts for child in self.graph.children(name)}
        return tuple(name for name in self.variables if name in found)

    @cached_property
    def directions(self) -> pd.DataFrame:
        """What orients each edge between variables.

        Columns: edge; phase (2 for rules and invariance, 3 for independent changes, 0 for
        edges left open); rule; and of phase 3 the scores of x --> y (forward) and y --> x
        (backward), smaller being likelier, their relative margin, the p-values of both, and the
        verdict.
        """
        import pandas as pd

        decided = {frozenset((d.x, d.y)): d for d in self.decisions}
        rows = []
        for edge, rule, (i, j) in zip(
            self.edges["edge"], self.edges["rule"], self.pairs(), strict=True
        ):
            x, y = self.graph.nodes[i], self.graph.nodes[j]
            if {x, y} & set(self.contexts):
                continue
            d = decided.get(frozenset((x, y)))
            phase = 3 if rule == "change" else 2 if rule else 0
            scores = ["forward", "backward", "margin", "p_forward", "p_backward"]
            numbers = [np.nan if d is None else getattr(d, name) for name in scores]
            rows.append((edge, phase, rule, *numbers, "" if d is None else d.verdict))
        columns = ["edge", "phase", "rule", "forward", "backward", "margin"]
        return pd.DataFrame(rows, columns=[*columns, "p_forward", "p_backward", "verdict"])

    def summary(self) -> str:
        """Give the result as text."""
        said = f"changing modules: {', '.join(self.changing) or 'none'}"
        return f"{said}\n{DiscoveryResult.summary(self)}"

    # -- driving forces -------------------------------------------------------------------

    def driving_force(self, name: str, **options: Any) -> DrivingForce:
        """Recover what drives a changing module, up to sign and scale (phase 4).

        Parameters
        ----------
        name : str
            One of ``changing``; its parents are those of the graph, contexts left out.
        **options
            ``width``, ``time_width``, ``ridge``, ``kernel`` and ``components`` of
            :func:`causalsim.discovery._driving_force.driving_force`.

        Returns
        -------
        DrivingForce
            At each time, or domain, with its date or name; it is kept with the result if no
            options are given.

        Raises
        ------
        DataError
            If the result was loaded and the force was not asked for before, or a column has
            codes or missing values.
        NameNotFoundError
            If the module does not change.

        Examples
        --------
        >>> import pandas as pd
        >>> from causalsim.discovery._cdnod import cdnod
        >>> x, e = np.random.default_rng(0).normal(size=(2, 300))
        >>> drift = np.sin(np.arange(300) / 25)
        >>> frame = pd.DataFrame({"X": x, "Y": x + 1.5 * drift + e / 2})
        >>> found = cdnod(frame, "time", "kci_zhang", max_cond=1)
        >>> force = found.driving_force("Y").array[:, 0]
        >>> bool(abs(np.corrcoef(force, drift)[0, 1]) > 0.9)
        True
        """
        if name not in self.changing:
            raise NameNotFoundError.from_names("changing module", name, self.changing)
        if name in self.forces and not options:
            return self.forces[name]
        table = self._data().table
        parents = [node for node in self.graph.parents(name) if node in self.variables]
        for node in (name, *parents):
            if table.kinds[table.index(node)] is not Kind.CONTINUOUS:
                raise DataError(f"{node!r} holds codes; driving forces need numbers.")
        columns = [table.index(node) for node in (name, *parents)]
        values = table.values[:, columns]  # noqa: PD011 -- a Table, no pandas
        where = positions(self._data())
        force = driving_force(values[:, 1:], values[:, 0], where, **options)
        force = replace(force, labels=self._labels_at(where.values, force.contexts))
        if not options:
            self.forces[name] = force
        return force

    def _labels_at(self, places: Floats, contexts: Floats) -> tuple[str, ...]:
        """Give the names of domains, or dates, that stand at some places of the rows."""
        labels = self._data().labels
        if labels is None:
            return ()
        places, first = np.unique(places, return_index=True)
        return tuple(map(str, labels[first[np.searchsorted(places, contexts)]]))

    # -- prediction -----------------------------------------------------------------------

    def predict_condition(
        self,
        rows: Any,
        targets: str | Sequence[str] = (),
        *,
        data: Any = None,
        rng: RNG = None,
    ) -> Prediction:
        """Predict a condition that was held out, and score the prediction.

        Mechanisms are fitted along the graph to the rows of this result, all conditions pooled.
        Each is asked for its variable given the parents' values in ``rows``. Then the condition
        itself is predicted: ``targets`` take their values in ``rows``, as if set, all other
        mechanisms are run forward, and the draws are compared with ``rows``. So what the
        condition does to its targets is not predicted, only what follows from it; without
        targets the prediction is that nothing is new.

        Parameters
        ----------
        rows : DataFrame, array, Table or path
            Rows of another condition, with all variables.
        targets : str or sequence of str
            Variables that the condition is known to act on.
        data : DataFrame, array, Table or path, optional
            What the result was found in, for one that was loaded from a file.
        rng : int, Generator or None
            For fitting mechanisms and for draws.

        Returns
        -------
        Prediction
            ``.mechanisms`` and ``.condition``, with gains over the pooled rows without a graph,
            and standard errors over rows, as if these were independent; ``.notes``.

        Raises
        ------
        DataError
            If the result was loaded from a file and ``data`` is left out, or a variable is not
            continuous.
        NameNotFoundError
            If a target is no variable.

        Examples
        --------
        >>> import pandas as pd
        >>> from causalsim.discovery._cdnod import cdnod
        >>> x, y, e = np.random.default_rng(0).normal(size=(3, 400))
        >>> run = np.repeat(["a", "b"], 200)
        >>> frame = pd.DataFrame({"X": x, "Y": x + y / 2, "run": run})
        >>> found = cdnod(frame, "run", "fisher_z", knowledge={"required": ["X --> Y"]})
        >>> shifted = frame.assign(X=x + 4, Y=x + 4 + e / 2)
        >>> seen = found.predict_condition(shifted, "X", rng=0)
        >>> seen.mechanisms["gain"].round(0).tolist(), seen.condition["gain"].round(0).tolist()
        ([0.0, 7.0], [2.0, 2.0])
        """
        acting = (targets,) if isinstance(targets, str) else tuple(targets)
        for name in acting:
            if name not in self.variables:
                raise NameNotFoundError.from_names("variable (in targets)", name, self.variables)
        graph, learned = self.graph.subgraph(self.variables), self._learned(data)
        return predict(graph, learned, self._measured(rows), acting, self.changing, rng=rng)

    def _measured(self, rows: Any) -> Table:
        """Read the variables as numbers."""
        measured = dict.fromkeys(self.variables, "continuous")
        return read_table(rows, kinds=measured, degenerate="keep").select(self.variables)

    def _learned(self, data: Any) -> Table:
        """Give the rows that the result was found in."""
        if data is not None:
            return self._measured(data)
        return self._data("give them as data=").table.select(self.variables)

    def _data(self, instead: str = "run cdnod() on them again") -> Context:
        if self.source is None:
            raise DataError(
                "this result holds no rows: it was loaded from a file, or ran on a bound test; "
                f"{instead}."
            )
        return self.source

    # -- files ----------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Give the result as plain values, with the driving forces asked for so far."""
        return {
            **DiscoveryResult.to_dict(self),
            "contexts": list(self.contexts),
            "decisions": [list(astuple(decision)) for decision in self.decisions],
            "forces": {name: force.to_dict() for name, force in self.forces.items()},
        }

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Self:
        """Rebuild a result from :meth:`to_dict`.

        Raises
        ------
        FormatError
            If another algorithm wrote it.
        """
        shared = read_fields(payload)
        if shared["algorithm"] != "cdnod":
            raise FormatError(
                f"expected a result of cdnod(), got one of {shared['algorithm']}(); read it with "
                "cs.discovery.DiscoveryResult.load(path)."
            )
        found = cls(
            **shared,
            contexts=tuple(payload["contexts"]),
            decisions=tuple(map(Decision.from_row, payload["decisions"])),
            source=None,
        )
        for name, force in payload["forces"].items():
            found.forces[name] = DrivingForce.from_dict(force)
        return found
