"""How many draws a test may be asked for, and how few would be in vain."""

from __future__ import annotations

from causalsim.errors import OptionError

__all__ = ["FEWEST_DRAWS", "MOST_DRAWS", "check_draws"]

FEWEST_DRAWS, MOST_DRAWS = 19, 100_000


def check_draws(option: str, value: object, *, ranked: bool = True) -> None:
    """Refuse a number of draws that is none, too large, or too small to reject anything.

    Parameters
    ----------
    option : str
    value : object
    ranked : bool
        Whether the p-value is (1 + draws beyond) / (1 + draws), which needs 19 to reach .05.

    Raises
    ------
    OptionError

    Examples
    --------
    >>> check_draws("draws", 1000)
    >>> check_draws("draws", 1, ranked=False)
    """
    if type(value) is not int or value < 1:
        raise OptionError(f"{option}={value!r}: expected a whole number from 1 on.")
    if value > MOST_DRAWS:
        raise OptionError(
            f"{option}={value}: expected at most {MOST_DRAWS}, since every question pays for all "
            f"of them; write {option}=1000, or {MOST_DRAWS} where time does not matter."
        )
    if ranked and value < FEWEST_DRAWS:
        raise OptionError(
            f"{option}={value}: no p-value could be below {1 / (1 + value):.3g}, so that nothing "
            f"is ever rejected at .05; write {option}={FEWEST_DRAWS} or more."
        )
