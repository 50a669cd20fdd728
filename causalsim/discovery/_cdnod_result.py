"""What CD-NOD returns: a graph with contexts, its changing modules, and what drives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
from numpy.typing import NDArray

from causalsim._rng import RNG
from causalsim.data import Kind, read_table
from causalsim.discovery._context import Context
from causalsim.discovery._driving_force import DrivingForce, driving_force
from causalsim.discovery._independent_change import Decision, positions
from causalsim.discovery._refit import as_near_dag
from causalsim.discovery._result import DiscoveryResult
from causalsim.errors import DataError, NameNotFoundError
from causalsim.graph import CPDAG
from causalsim.scm import SCM

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
            At each time, or domain; it is kept with the result if no options are given.

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
        force = driving_force(values[:, 1:], values[:, 0], positions(self._data()), **options)
        if not options:
            self.forces[name] = force
        return force

    # -- prediction -----------------------------------------------------------------------

    def predict_condition(
        self, rows: Any, targets: Sequence[str] = (), *, rng: RNG = None
    ) -> pd.DataFrame:
        """Predict a condition that was held out, and score the prediction.

        Mechanisms are fitted along the graph to the rows of this result; each predicts its
        variable in ``rows`` from the parents there. A mechanism that the condition does not touch
        predicts better than the pooled rows do without a graph.

        Parameters
        ----------
        rows : DataFrame, array, Table or path
            Rows of another condition, with all variables.
        targets : sequence of str
            Variables that the condition is known to act on; their mechanisms predict nothing.
        rng : int, Generator or None
            For fitting mechanisms.

        Returns
        -------
        DataFrame
            By variable: role (target, changing, or invariant), mean log-likelihood of a row
            under the mechanism and under the pooled rows, both Gaussian, and the gain.

        Raises
        ------
        DataError
            If the result was loaded from a file, or a variable is not continuous.
        NameNotFoundError
            If a target is no variable.

        Examples
        --------
        >>> import pandas as pd
        >>> from causalsim.discovery._cdnod import cdnod
        >>> x, y, e = np.random.default_rng(0).normal(size=(3, 400))
        >>> run = np.repeat(["a", "b"], 200)
        >>> frame = pd.DataFrame({"X": x, "Y": x + y / 2, "run": run})
        >>> found = cdnod(frame, "run", "fisher_z")
        >>> shifted = frame.assign(X=x + 4, Y=x + 4 + e / 2)
        >>> found.predict_condition(shifted, targets=["X"], rng=0)["gain"].round(0).tolist()
        [0.0, 7.0]
        """
        import pandas as pd

        learned = self._data().table.select(self.variables)
        for name in targets:
            if name not in self.variables:
                raise NameNotFoundError.from_names("variable (in targets)", name, self.variables)
        measured = dict.fromkeys(self.variables, "continuous")
        held = read_table(rows, kinds=measured, degenerate="keep").select(self.variables)
        dag, _ = as_near_dag(self.graph.subgraph(self.variables))
        model = SCM.fit(dag, learned, rng=rng)
        noise, left = model.noise_of(learned).to_numpy(), model.noise_of(held).to_numpy()
        under = _log_density(left, noise)
        pooled = _log_density(held.values, learned.values)
        roles = [
            "target" if name in targets else "changing" if name in self.changing else "invariant"
            for name in self.variables
        ]
        return pd.DataFrame(
            {"role": roles, "log_likelihood": under, "pooled": pooled, "gain": under - pooled},
            index=pd.Index(self.variables, name="variable"),
        )

    def _data(self) -> Context:
        if self.source is None:
            raise DataError(
                "this result holds no data: it was loaded from a file, or ran on a bound test. "
                "Run cdnod() on the data again."
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
        """Rebuild a result from :meth:`to_dict`."""
        plain: DiscoveryResult[CPDAG] = DiscoveryResult.from_dict(payload)
        decisions = tuple(map(Decision.from_row, payload["decisions"]))
        found = cls.of(plain, tuple(payload["contexts"]), decisions)
        for name, force in payload["forces"].items():
            found.forces[name] = DrivingForce.from_dict(force)
        return found


def _log_density(values: Floats, learned: Floats) -> Floats:
    """Give the mean log density of each column under a Gaussian learned from another one."""
    scaled = (values - learned.mean(axis=0)) / learned.std(axis=0)
    return np.asarray(
        -0.5 * (scaled**2).mean(axis=0) - np.log(np.sqrt(2 * np.pi) * learned.std(axis=0))
    )
