"""Files of a synthetic benchmark: data, truth, model and datasheet, all together or none."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from io import BytesIO, StringIO
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np

from causalsim._files import atomic, dump_json, reason, versioned
from causalsim._lazy import optional
from causalsim.errors import FormatError, OptionError
from causalsim.graph.io import to_json, to_tigramite
from causalsim.graph.temporal import TemporalGraph
from causalsim.scm.functions import Floats

if TYPE_CHECKING:
    import pandas as pd

    from causalsim.simulate._synthetic import Data, SyntheticData

__all__ = ["FORMATS", "export"]

VERSION = 1
OF_SERIES = ("tigramite", "causeme")


def export(
    made: SyntheticData,
    folder: str | PathLike[str],
    format: str = "csv",  # noqa: A002  the word users know
    *,
    overwrite: bool = False,
) -> tuple[Path, ...]:
    """Write a synthetic benchmark to a folder.

    Each sample has a name: ``data``, and ``do_0``, ``do_1``, ... for the interventions in
    their order. Beside them stand ``truth.json`` (the graph in causalsim's format, the graph
    with the hidden variables, thresholds of levels, which file belongs to which intervention),
    ``model.json`` (what ``SCM.load`` or ``TemporalSCM.load`` reads) and ``datasheet.md``.

    Parameters
    ----------
    made : SyntheticData
    folder : path
        Made if it does not exist.
    format : {"csv", "parquet", "npz", "tigramite", "causeme"}
        ``"csv"`` and ``"parquet"``: one file for each series, ``data.csv``, or ``data_0.csv``
        and so on; a series has its steps in the column ``step``. ``"npz"``: arrays ``data`` of
        shape (paths, steps, variables), on the regular grid with NaN at what was not observed,
        and ``names``. ``"tigramite"``: the same grid as ``data`` of shape (T, N), or
        (paths, T, N) for several, with ``var_names`` and ``graph``, the array of strings of
        shape (N, N, tau_max + 1). ``"causeme"``: the layout that the CauseMe site describes
        for its data sets, a zip of plain text matrices, T rows and N columns without a header;
        names stand in ``names.txt``.
    overwrite : bool
        Whether files of these names may be replaced.

    Returns
    -------
    tuple of Path
        What was written.

    Raises
    ------
    OptionError
        If the format is unknown or does not suit a table, or a file exists.
    MissingExtraError
        If Parquet is wanted and pyarrow is not installed.
    FormatError
        If the folder cannot be made or written.

    Examples
    --------
    >>> import tempfile
    >>> from causalsim.simulate._synthetic import SyntheticSpec, synthesise
    >>> made = synthesise(SyntheticSpec("table", nodes=2, length=10))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in export(made, folder)]
    ['data.csv', 'truth.json', 'model.json', 'datasheet.md']
    """
    if format not in FORMATS:
        raise OptionError.from_choice("format", format, FORMATS)
    if format in OF_SERIES and made.spec.kind == "table":
        raise OptionError(f"format={format!r} is for series; write a table as 'csv' or 'npz'.")
    target = Path(folder)
    files = {target / name: content for name, content in _content(made, format).items()}
    if not overwrite:
        _refuse_existing(files)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FormatError(f"cannot make the folder {folder}: {reason(error)}.") from error
    with ExitStack() as stack:
        for path, content in files.items():
            stack.enter_context(atomic(path)).write(content)
    return tuple(files)


def _refuse_existing(files: Mapping[Path, bytes]) -> None:
    for path in files:
        if path.exists():
            raise OptionError(f"{path} exists; write overwrite=True, or choose another folder.")


def _content(made: SyntheticData, layout: str) -> dict[str, bytes]:
    """Give the name and content of every file."""
    samples = {"data": made.data} | {
        f"do_{k}": sample for k, sample in enumerate(made.interventional.values())
    }
    files: dict[str, bytes] = {}
    origin: dict[str, list[str]] = {}
    for stem, sample in samples.items():
        written = FORMATS[layout](stem, sample, made)
        origin[stem] = list(written)
        files |= written
    if layout == "causeme":
        files["names.txt"] = ("\n".join(made.truth.nodes) + "\n").encode()
    files["truth.json"] = dump_json(_truth(made, origin)).encode()
    files["model.json"] = dump_json(made.model.to_dict()).encode()
    files["datasheet.md"] = made.summary().encode()
    return files


def _truth(made: SyntheticData, origin: Mapping[str, list[str]]) -> dict[str, Any]:
    stems = [f"do_{k}" for k in range(len(made.interventional))]
    content = {
        "graph": json.loads(to_json(made.truth)),
        "with_hidden": json.loads(to_json(made.model.graph)),
        "thresholds": made.sheet["corruption"].get("thresholds", {}),
        "data": origin["data"],
        "interventions": {
            key: origin[stem] for key, stem in zip(made.interventional, stems, strict=True)
        },
        "spec": made.sheet["spec"],
        "seeds": made.sheet["seeds"],
        "versions": made.sheet["versions"],
    }
    return versioned("synthetic_truth", VERSION, content)


# -- layouts ------------------------------------------------------------------------------


def _frames(sample: Data) -> list[pd.DataFrame]:
    return sample if isinstance(sample, list) else [sample]


def _each(stem: str, sample: Data, suffix: str) -> dict[str, pd.DataFrame]:
    """Give a file name to each frame."""
    frames = _frames(sample)
    if len(frames) == 1:
        return {f"{stem}.{suffix}": frames[0]}
    return {f"{stem}_{k}.{suffix}": frame for k, frame in enumerate(frames)}


def _as_csv(stem: str, sample: Data, made: SyntheticData) -> dict[str, bytes]:
    return {
        name: _with_steps(frame, made).to_csv(index=False, lineterminator="\n").encode()
        for name, frame in _each(stem, sample, "csv").items()
    }


def _as_parquet(stem: str, sample: Data, made: SyntheticData) -> dict[str, bytes]:
    optional("pyarrow", "scale", "format='parquet'")
    files = {}
    for name, frame in _each(stem, sample, "parquet").items():
        buffer = BytesIO()
        _with_steps(frame, made).to_parquet(buffer, index=False, engine="pyarrow")
        files[name] = buffer.getvalue()
    return files


def _with_steps(frame: pd.DataFrame, made: SyntheticData) -> pd.DataFrame:
    """Give the steps of a series a column of their own."""
    if made.spec.kind == "table":
        return frame
    return frame.rename_axis(index="step").reset_index()


def _grid(sample: Data, made: SyntheticData) -> Floats:
    """Give all steps, shape (paths, steps, variables), NaN where nothing was observed."""
    regular = [frame.reindex(range(made.spec.length)) for frame in _frames(sample)]
    return np.stack([frame.to_numpy(np.float64) for frame in regular])


def _zipped(stem: str, arrays: Mapping[str, Any]) -> dict[str, bytes]:
    buffer = BytesIO()
    np.savez_compressed(buffer, **arrays)
    return {f"{stem}.npz": buffer.getvalue()}


def _as_npz(stem: str, sample: Data, made: SyntheticData) -> dict[str, bytes]:
    names = np.array(made.truth.nodes)
    return _zipped(stem, {"data": _grid(sample, made), "names": names})


def _as_tigramite(stem: str, sample: Data, made: SyntheticData) -> dict[str, bytes]:
    grid = _grid(sample, made)
    arrays: dict[str, Any] = {
        "data": grid[0] if len(grid) == 1 else grid,
        "var_names": np.array(made.truth.nodes),
    }
    if isinstance(made.truth, TemporalGraph):
        arrays["graph"] = to_tigramite(made.truth)
    return _zipped(stem, arrays)


def _as_causeme(stem: str, sample: Data, made: SyntheticData) -> dict[str, bytes]:
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for k, matrix in enumerate(_grid(sample, made)):
            steps, variables = matrix.shape
            text = StringIO()
            np.savetxt(text, matrix, fmt="%.17g")
            name = f"{stem}_N-{variables}_T-{steps}_{k + 1:04d}.txt"
            archive.writestr(ZipInfo(name), text.getvalue(), ZIP_DEFLATED)
    return {f"{stem}.zip": buffer.getvalue()}


FORMATS: Mapping[str, Callable[[str, Data, SyntheticData], dict[str, bytes]]] = {
    "csv": _as_csv,
    "parquet": _as_parquet,
    "npz": _as_npz,
    "tigramite": _as_tigramite,
    "causeme": _as_causeme,
}
