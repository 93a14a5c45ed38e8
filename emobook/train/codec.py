"""Fitted estimators as JSON and arrays, without pickle.

`encode` turns an object into what JSON can hold, and puts its arrays into a dict; `decode` builds
an equal object. Objects are rebuilt from their class and their `__getstate__`, so a class decides
for itself what it keeps: one with a torch module keeps the state dict. Only classes and functions
of scikit-learn, numpy, emobook and the packages that the caller names are ever imported.
"""

import importlib
import sys
import types
from pathlib import Path

import numpy as np
import safetensors.numpy

PACKAGES = {"emobook", "numpy", "sklearn"}


class CannotStore(ValueError):
    """A part of an estimator has a type that the codec does not know."""


def encode(value, arrays: dict, used: list | None = None, where: str = ""):
    """`value` as JSON; its arrays go to `arrays`, its classes and functions to `used`.

    Raises CannotStore with the place of the part that cannot be stored.
    """
    where = where or type(value).__name__

    def inner(part, name):
        return encode(part, arrays, used, f"{where}{name}")

    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) is list:
        return [inner(part, f"[{i}]") for i, part in enumerate(value)]
    if type(value) is tuple:
        return {"tuple": [inner(part, f"[{i}]") for i, part in enumerate(value)]}
    if type(value) is dict:
        return {"dict": [[inner(k, f".{k}"), inner(v, f"[{k!r}]")] for k, v in value.items()]}
    if isinstance(value, np.generic) and value.dtype.kind in "biufU":
        return {"scalar": value.item(), "dtype": value.dtype.str}
    if isinstance(value, np.dtype) and not value.hasobject and value.names is None:
        return {"dtype": value.str}
    if isinstance(value, Path):
        return {"path": str(value)}
    if type(value) is np.ma.MaskedArray:
        data, mask = np.asarray(value), np.ma.getmaskarray(value)
        return {"masked": inner(data, ".data"), "mask": inner(mask, ".mask")}
    if type(value) is np.ndarray and value.dtype.kind in "OU":
        flat = [inner(part, f"[{i}]") for i, part in enumerate(value.ravel().tolist())]
        return {"objects": flat, "shape": list(value.shape), "dtype": value.dtype.str}
    if type(value) is np.ndarray and value.dtype.kind in "biuf":
        name = f"{len(arrays)} {where}"
        # The order in memory steers how BLAS sums, and so the last bits of a prediction.
        turned = value.flags.f_contiguous and not value.flags.c_contiguous
        arrays[name] = np.ascontiguousarray(value.T if turned else value).reshape(
            value.shape[::-1] if turned else value.shape
        )
        return {"array": name, "turned": turned}
    if "torch" in sys.modules and type(value) is sys.modules["torch"].Tensor:
        return {"tensor": inner(value.detach().cpu().numpy(), "")}
    if isinstance(value, types.FunctionType | type) and _find(_name(value), None) is value:
        if used is not None:
            used.append(value)
        return {"import": _name(value)}
    return _encode_object(value, inner, where, used)


def _encode_object(value, inner, where: str, used: list | None) -> dict:
    """An instance whose state is a dict and whose class, other than a compiled one, does not say
    how it wants to be pickled."""
    cls = type(value)
    plain = cls.__reduce_ex__ is object.__reduce_ex__ and cls.__reduce__ is object.__reduce__
    state = value.__getstate__() if plain and hasattr(value, "__dict__") else None
    if not isinstance(state, dict) or _find(_name(cls), None) is not cls:
        raise CannotStore(f"{where} cannot be stored: it is of type {cls.__name__}")
    if used is not None:
        used.append(cls)
    return {
        "object": _name(cls),
        "state": {name: inner(part, f".{name}") for name, part in state.items()},
    }


def decode(record, arrays: dict, packages: set[str] = frozenset()):
    """The object behind a record of `encode`; `packages` may be imported besides PACKAGES."""

    def inner(part):
        return decode(part, arrays, packages)

    if isinstance(record, list):
        return [inner(part) for part in record]
    if not isinstance(record, dict):
        return record
    match record:
        case {"tuple": parts}:
            return tuple(inner(part) for part in parts)
        case {"dict": pairs}:
            return {inner(key): inner(part) for key, part in pairs}
        case {"scalar": number, "dtype": dtype}:
            return np.dtype(dtype).type(number)
        case {"masked": data, "mask": mask}:
            return np.ma.MaskedArray(inner(data), inner(mask))
        case {"objects": flat, "shape": shape, "dtype": dtype}:
            result = np.empty(len(flat), dtype)
            for i, part in enumerate(flat):
                result[i] = inner(part)
            return result.reshape(shape)
        case {"dtype": dtype}:
            return np.dtype(dtype)
        case {"path": path}:
            return Path(path)
        case {"array": name, "turned": turned}:
            return arrays[name].T if turned else arrays[name]
        case {"tensor": array}:
            return sys.modules["torch"].from_numpy(inner(array))
        case {"import": name}:
            return _find(name, PACKAGES | packages)
        case {"object": name, "state": parts}:
            cls = _find(name, PACKAGES | packages)
            result = cls.__new__(cls)
            state = {key: inner(part) for key, part in parts.items()}
            if hasattr(result, "__setstate__"):
                result.__setstate__(state)
            else:
                result.__dict__.update(state)
            return result
    raise ValueError(f"unknown record {sorted(record)}")


def write_arrays(arrays: dict, path) -> None:
    safetensors.numpy.save_file(arrays, path)


def read_arrays(path) -> dict:
    """Arrays of their own memory, aligned as numpy does it, and writable."""
    return {name: np.array(value) for name, value in safetensors.numpy.load_file(path).items()}


def _name(part) -> str:
    return f"{part.__module__}:{part.__qualname__}"


def _find(name: str, packages: set[str] | None):
    """The class or function called "module:qualname", None where there is none; ValueError where
    it lies outside `packages`."""
    module, _, qualname = name.partition(":")
    if packages is not None and module.partition(".")[0] not in packages:
        raise ValueError(f"{name} lies outside {', '.join(sorted(packages))}")
    try:
        found = importlib.import_module(module)
    except ImportError:
        return None
    for part in qualname.split("."):
        found = getattr(found, part, None)
    return found
