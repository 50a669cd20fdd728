"""Twin diagrams: what happened, and what would have happened, with the same hidden causes.

In a functional model every box is a function of its causes and of exogenous wires. The twin has
two copies of the functions that share all exogenous wires; surgery is done in the second copy
alone, evidence is seen in the first, and the answer is read in the second ([BP]_, [JKZ]_). A
function copied with the same causes is one box, since copies slide through functions. Contracting
the twin updates all exogenous variables jointly, as it must be: after evidence they depend on
each other.

References
----------
.. [BP] Balke & Pearl, Probabilistic evaluation of counterfactual queries, AAAI 1994.
.. [JKZ] Jacobs, Kissinger & Zanasi, Causal inference by string diagram surgery, MSCS 31 (2021).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from causalsim.diagrams.functor import Functor
from causalsim.diagrams.surgery import set_state
from causalsim.diagrams.syntax import Diagram, Placed, Port

__all__ = ["STAR", "twin"]

STAR = "*"


def twin(diagram: Diagram, do: Mapping[str, Hashable] | Functor[str, Diagram]) -> Diagram:
    r"""Give the twin of a functional diagram: outputs of the fact, then of the counterfactual.

    Parameters
    ----------
    diagram : Diagram
        Boxes without inputs are exogenous; all others are taken to be functions.
    do : mapping of str to state, or a surgery
        What is done in the counterfactual world.

    Returns
    -------
    Diagram
        Boxes of the second world carry a star; those that nothing distinguishes are shared.

    Examples
    --------
    >>> lines = ["U = U()", "A = A(U)", "V = V()", "B = B(A, V)", "return A, B"]
    >>> print(twin(Diagram.parse("\n".join(lines)), {"A": 1}))
    U = U()
    V = V()
    A*: A = |1>
    A = A(U)
    B*: B = B(A*, V)
    B = B(A, V)
    return A, B, A*, B*
    """
    surgery = do if isinstance(do, Functor) else set_state(do)
    changed = surgery(diagram)
    where: dict[Port, Port] = {}
    boxes = dict(diagram.boxes)
    for name in changed.order:
        box, sources = changed.boxes[name]
        placed = Placed(box, tuple(where[port] for port in sources))
        called = name if diagram.boxes.get(name) == placed else name + STAR
        boxes[called] = placed
        where |= {Port(name, k): Port(called, k) for k in range(len(box.cod))}
    outputs = (*diagram.outputs, *(where[port] for port in changed.outputs))
    return Diagram(diagram.dom, boxes, outputs)
