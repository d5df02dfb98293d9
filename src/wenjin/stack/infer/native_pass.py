"""A pass of a few tokens through all layers as one call of our kernels (kernels/pass.cpp).

It reads and writes keys and values where they lie: in a Cache, whose rows are each one long page, or in the engine's
pages (infer/paged.py). What it computes for a token depends on that token's text alone, never on its company: alone,
in a batch or in pages, the same numbers come out.

Omits    long prompts: from MOST tokens on the layers are called one by one, with torch's attention
Shapes   N tokens   D width of a state   L layers   P tokens of a page
Proof    tests/stack/infer/test_native_pass.py: equals the layers one by one, in both kinds of cache; company
         changes nothing
"""

import ctypes
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from wenjin.stack.infer.cache import Cache, CacheFull
from wenjin.stack.infer.native import CMatrix, Native
from wenjin.stack.infer.paged import Pass

if TYPE_CHECKING:
    from wenjin.stack.infer.fast import Fast

MOST = 32  # tokens


class CLayer(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("norm1", "norm2", "q_norm", "k_norm")),
        *((name, CMatrix) for name in ("qkv", "out", "gate_up", "down")),
    ]


class CModel(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int32) for name in ("layers", "dim", "heads", "kv_heads", "width", "hidden")),
        ("epsilon", ctypes.c_float),
        *((name, ctypes.c_void_p) for name in ("layer", "norm", "cos", "sin")),
    ]


class CPass(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int32) for name in ("tokens", "threads")),
        *((name, ctypes.c_void_p) for name in ("places", "texts")),
        ("reach", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("keys", "values", "table")),
        *((name, ctypes.c_int64) for name in ("most", "page", "layer_stride", "page_stride", "head_stride")),
        ("brain", ctypes.c_int32),
        ("x", ctypes.c_void_p),
    ]


class FewTokens:
    """Made once for a model all of whose matrices are Native."""

    def __init__(self, model: "Fast", lib: ctypes.CDLL) -> None:
        self.model, self.lib = model, lib  # what lib reads must live as long
        rows = []
        for layer in model.layers:
            norms = (layer.norm1, layer.norm2, layer.q_norm, layer.k_norm)
            rows.append(CLayer(*(norm.data_ptr() if norm is not None else None for norm in norms), *(
                matrix.c for matrix in (layer.qkv, layer.out, layer.gate_up, layer.down) if isinstance(matrix, Native)
            )))  # fmt: skip
        self.layers = (CLayer * len(rows))(*rows)
        self.cos, self.sin = model.rotary.cos.contiguous(), model.rotary.sin.contiguous()
        sizes = (
            len(rows),
            len(model.norm),
            model.heads,
            model.kv_heads,
            model.width,
            model.layers[0].gate_up.rows // 2,
        )
        tables = (model.norm.data_ptr(), self.cos.data_ptr(), self.sin.data_ptr())
        self.c = CModel(*sizes, model.epsilon, ctypes.addressof(self.layers), *tables)

    def __call__(self, x: Tensor, cache: Any, B: int, T: int) -> bool:
        """x (N, D) embedded tokens become states in place. False: not for this pass, nothing was done."""
        if len(x) > MOST or not isinstance(cache, Cache | Pass):
            return False
        keys, values = cache.keys, cache.values  # (L, pages, G, P, K) each
        if keys.dtype not in (torch.float32, torch.bfloat16) or keys.device.type != "cpu":
            return False
        if isinstance(cache, Pass):
            places, texts, table = cache.at, cache.owner, cache.table
            reach = (table.shape[1]) * keys.shape[3]
        else:
            reach = cache.length + T
            if reach > cache.room:
                raise CacheFull(reach, cache.room)
            places = torch.arange(cache.length, reach).repeat(B)  # (N,)
            texts = torch.arange(B, dtype=torch.int32).repeat_interleave(T)  # (N,)
            table = torch.arange(B, dtype=torch.int32)  # one page a text
        layer, page, head = keys.stride()[:3]
        order = CPass(
            len(x), torch.get_num_threads(), places.data_ptr(), texts.data_ptr(), reach,
            keys.data_ptr(), values.data_ptr(), table.data_ptr(), table.shape[-1] if table.ndim == 2 else 1,
            keys.shape[3], layer, page, head, keys.dtype == torch.bfloat16, x.data_ptr(),
        )  # fmt: skip
        self.lib.wenjin_pass(ctypes.byref(self.c), ctypes.byref(order))
        return True
