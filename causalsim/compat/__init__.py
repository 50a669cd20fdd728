"""Other packages' behaviour, rebuilt or wrapped.

>>> from causalsim.compat import causal_learn_pc
"""

from causalsim.compat._causal_learn import causal_learn_pc

__all__ = ["causal_learn_pc"]
