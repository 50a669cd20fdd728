"""Other packages' behaviour, rebuilt or wrapped, and our tests inside them.

>>> from causalsim.compat import causal_learn_pc, register_with_causal_learn
"""

from causalsim.compat._causal_learn import causal_learn_pc
from causalsim.compat._causal_learn_tests import register_with_causal_learn

__all__ = ["causal_learn_pc", "register_with_causal_learn"]
