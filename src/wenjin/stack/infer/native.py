"""Our own kernels: built once with the machine's compiler, kept in a folder, loaded without torch's build system.

    library(folder)   the shared library, or None with the reason in `missing`: no compiler, or it refuses
    Own               a matrix in groups of four or eight bits, laid out for kernels/products.h
    OwnDense          float32 or bfloat16: few vectors by our kernel, many by torch's

One call of the compiler, without torch's headers: two seconds instead of a minute, and nothing to break when torch
changes. A library's name is a digest of the sources, the flags, the compiler and the processor, so that a folder which
several machines share holds one for each. While a kernel runs, other threads of Python do.

Omits    processors without vector neural-network instructions get plain loops: infer/fast.py measures whether they pay
Shapes   N vectors   O rows, outputs   I columns, inputs   G = I / 32
Source   vector dot products of eight-bit numbers: Intel's architecture manual, volume 2, VPDPBUSD
Proof    tests/stack/infer/test_native.py: equals the plain product of groups.py for odd shapes, any threads, 0 vectors
"""

import ctypes
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

import torch
from torch import Tensor

from wenjin.stack.infer.groups import GROUP, Groups, filled
from wenjin.stack.infer.matrices import Dense, Matrix

SOURCES = Path(__file__).parent / "kernels"
FLAGS = ("-O3", "-march=native", "-std=c++20", "-fopenmp", "-shared", "-fPIC")
COMPILERS = ("c++", "g++", "clang++")
LONGEST = 600  # seconds that a compiler may take; four on a free machine
BLOCK = 16  # rows that a kernel computes at once
FEW = 8  # vectors up to which our kernel for dense matrices is taken
FLOAT, BRAIN, EIGHT, FOUR = range(4)
WRITE, ADD, GATE = range(3)

missing = ""  # why there is no library, for people to read


class CMatrix(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int32) for name in ("kind", "rows", "columns", "groups")),
        *((name, ctypes.c_void_p) for name in ("data", "scale", "low", "bias")),
    ]


def home() -> Path:
    """Where libraries are kept unless a folder is given: beside the extensions that torch builds."""
    root = os.environ.get("TORCH_EXTENSIONS_DIR")
    return (Path(root) if root else Path.home() / ".cache" / "torch_extensions") / "wenjin"


def compiler() -> str | None:
    return next((found for name in (os.environ.get("CXX"), *COMPILERS) if name and (found := shutil.which(name))), None)


def digest(compiler: str) -> str:
    """Names all that a library depends on."""
    about = [*FLAGS, platform.machine(), subprocess.run([compiler, "--version"], capture_output=True).stdout.decode()]
    if (processor := Path("/proc/cpuinfo")).exists():
        lines = processor.read_text("utf-8", "replace").splitlines()
        about += sorted({line for line in lines if line.startswith(("flags", "Features", "model name"))})
    for source in sorted(SOURCES.iterdir()):
        if source.is_file():
            about.append(source.read_text("utf-8"))
    return hashlib.sha256("\0".join(about).encode()).hexdigest()[:20]


def build(folder: Path) -> Path:
    """The library's file, made if it is not there. Raises OSError."""
    found = compiler()
    if found is None:
        raise FileNotFoundError("no C++ compiler: install g++ or clang++, or set CXX")
    library = folder / f"kernels-{digest(found)}.so"
    if library.exists():
        return library
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        made = Path(place) / library.name
        order = [found, *FLAGS, str(SOURCES / "pass.cpp"), "-o", str(made)]
        try:
            done = subprocess.run(order, capture_output=True, timeout=LONGEST)
        except subprocess.TimeoutExpired as error:
            raise OSError(f"{found} did not end within {LONGEST} s") from error
        if done.returncode:
            raise OSError(f"{found} ended with {done.returncode}: {done.stderr.decode('utf-8', 'replace')[-500:]}")
        made.replace(library)  # whole or not at all, whoever else is building
    return library


@functools.cache
def library(folder: Path | None = None) -> ctypes.CDLL | None:
    """The kernels, built on the first call where that is possible; else None, and `missing` says why."""
    global missing
    try:
        loaded = ctypes.CDLL(str(build(folder or home())))
    except OSError as error:
        missing = str(error)
        return None
    pointer, whole, long, real = ctypes.c_void_p, ctypes.c_int32, ctypes.c_int64, ctypes.c_float
    loaded.wenjin_pass.argtypes, loaded.wenjin_pass.restype = [pointer, pointer], None
    loaded.wenjin_product.argtypes = [pointer, pointer, long, whole, pointer, real, whole, pointer, long, whole]
    loaded.wenjin_product.restype = None
    loaded.wenjin_read.argtypes, loaded.wenjin_read.restype = [pointer, long, whole], real
    return loaded


class Native(Matrix):
    """A matrix that our kernels can read: `c` describes it to them."""

    c: CMatrix
    lib: ctypes.CDLL

    def describe(self, kind: int, data: Tensor, scale: Tensor | None = None, low: Tensor | None = None) -> None:
        groups = -(-self.columns // GROUP)
        parts = [None if part is None else part.data_ptr() for part in (data, scale, low, self.bias)]
        self.c = CMatrix(kind, self.rows, self.columns, groups, *parts)

    def run(self, x: Tensor, way: int, to: Tensor, norm: Tensor | None = None, epsilon: float = 0.0) -> Tensor:
        """One call of the kernel; x (N, I), to (N, …), both float32 with numbers of a row side by side."""
        x = x if x.stride(-1) == 1 else x.contiguous()
        place = None if norm is None else norm.data_ptr()
        self.lib.wenjin_product(
            ctypes.byref(self.c), x.data_ptr(), x.stride(0), len(x), place, epsilon, way, to.data_ptr(), to.stride(0),
            torch.get_num_threads(),
        )  # fmt: skip
        return to

    def __call__(self, x: Tensor, norm: Tensor | None = None, epsilon: float = 0.0) -> Tensor:
        return self.run(x, WRITE, x.new_empty(len(x), self.rows), norm, epsilon)

    def add(self, x: Tensor, to: Tensor) -> None:
        self.run(x, ADD, to)

    def gate(self, x: Tensor, norm: Tensor, epsilon: float) -> Tensor:
        return self.run(x, GATE, x.new_empty(len(x), self.rows // 2), norm, epsilon)


class Own(Native):
    """Groups as they are, sixteen rows beside one another: four bytes of each make a vector of 64."""

    def __init__(self, lib: ctypes.CDLL, groups: Groups, bias: Tensor | None = None) -> None:
        self.lib, self.rows, self.columns, self.bias = lib, groups.rows, groups.columns, bias
        full = filled(groups, BLOCK)
        self.bits = full.bits
        words = full.q.reshape(len(full.q), -1).contiguous().view(torch.int32)  # (O, bytes of a row / 4)
        self.q = self.beside(words).view(torch.uint8).view(-1, words.shape[1], BLOCK, 4)  # (O/16, …, 16, 4)
        self.scale = self.beside(full.scale)
        self.low = None if full.low is None else self.beside(full.low)
        self.describe(FOUR if self.bits == 4 else EIGHT, self.q, self.scale, self.low)

    @staticmethod
    def beside(numbers: Tensor) -> Tensor:
        """(O, G) -> (O/16, G, 16)."""
        return numbers.reshape(len(numbers) // BLOCK, BLOCK, -1).transpose(1, 2).contiguous()

    def groups(self, rows: Tensor) -> Groups:
        """Some rows as they came."""
        block, row = rows // BLOCK, rows % BLOCK  # (N,)
        q = self.q[block, :, row].view(len(rows), self.scale.shape[1], -1)  # (N, G, 16 or 32)
        low = None if self.low is None else self.low[block, :, row]
        return Groups(q, self.scale[block, :, row], low, self.columns)

    def product(self, x: Tensor) -> Tensor:
        return self(x)

    def dense(self) -> Tensor:
        return self.take(torch.arange(self.rows))

    def take(self, rows: Tensor) -> Tensor:
        return self.groups(rows).dense()

    @property
    def bytes(self) -> int:
        return self.q.nbytes + self.scale.nbytes + (0 if self.low is None else self.low.nbytes)


class OwnDense(Native, Dense):
    """Many vectors are torch's: its products of two large matrices are hard to beat."""

    def __init__(self, lib: ctypes.CDLL, weight: Tensor, bias: Tensor | None = None) -> None:
        Dense.__init__(self, weight, bias)
        self.lib = lib
        self.describe(BRAIN if weight.dtype == torch.bfloat16 else FLOAT, self.weight)

    def __call__(self, x: Tensor, norm: Tensor | None = None, epsilon: float = 0.0) -> Tensor:
        few = len(x) <= FEW
        return Native.__call__(self, x, norm, epsilon) if few else Matrix.__call__(self, x, norm, epsilon)

    def add(self, x: Tensor, to: Tensor) -> None:
        Native.add(self, x, to) if len(x) <= FEW else Matrix.add(self, x, to)

    def gate(self, x: Tensor, norm: Tensor, epsilon: float) -> Tensor:
        few = len(x) <= FEW
        return Native.gate(self, x, norm, epsilon) if few else Matrix.gate(self, x, norm, epsilon)
