"""Our kernels give what the formula gives, for odd shapes, any number of threads, no vectors; or are not there."""

import ctypes
from pathlib import Path

import pytest
import torch
from torch import Tensor

from wenjin.stack.infer import native
from wenjin.stack.infer.groups import product, rounded, whole
from wenjin.stack.infer.native import Native, Own, OwnDense

SHAPES = [(16, 32), (48, 64), (17, 33), (5, 7), (40, 100)]


@pytest.fixture(scope="module")
def lib() -> ctypes.CDLL:
    found = native.library()
    assert found is not None, native.missing  # these tests need a compiler, as the wheel's own users do not
    return found


pytestmark = pytest.mark.usefixtures("one_thread")


def vectors(count: int, width: int) -> Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(count))


def made(lib: ctypes.CDLL, kind: str, rows: int, columns: int) -> Native:
    dice = torch.Generator().manual_seed(rows)
    weight, bias = torch.randn(rows, columns, generator=dice), torch.randn(rows, generator=dice)
    if kind in ("four", "eight"):
        return Own(lib, rounded(weight, 4 if kind == "four" else 8), bias)
    return OwnDense(lib, weight.to(getattr(torch, kind)), bias)


def seen(one: Native, x: Tensor) -> Tensor:
    """A vector as the kernel sees it."""
    if isinstance(one, OwnDense):
        return x
    q, step = whole(x)
    return (q * step).flatten(1)[:, : one.columns]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["float32", "bfloat16", "eight", "four"])
def test_a_product_equals_the_formula(lib: ctypes.CDLL, kind: str, shape: tuple[int, int]) -> None:
    one = made(lib, kind, *shape)
    assert one.bias is not None
    for count in (0, 1, 3, 4, 8, 13):
        x = vectors(count, shape[1])
        if isinstance(one, OwnDense) and count > native.FEW:
            x = x.bfloat16().float() if kind == "bfloat16" else x
        wanted = seen(one, x) @ one.dense().T + one.bias
        loose = kind == "bfloat16" and count > native.FEW  # torch's product, whose sums are rounded too
        tolerance = 2e-2 if loose else 2e-5
        torch.testing.assert_close(one(x), wanted, rtol=tolerance, atol=tolerance)
        to = torch.ones(count, shape[0])
        one.add(x, to)
        torch.testing.assert_close(to, wanted + 1, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("bits", [4, 8])
def test_rounding_the_vectors_costs_less_than_six_thousandths(lib: ctypes.CDLL, bits: int) -> None:
    groups, x = rounded(torch.randn(64, 576, generator=torch.Generator().manual_seed(1)), bits), vectors(8, 576)
    exact = product(x, groups, round_x=False)
    off = (Own(lib, groups)(x) - exact).norm() / exact.norm()
    assert 0 < off < 0.006


@pytest.mark.parametrize("bits", [4, 8])
def test_a_matrix_gives_its_groups_back(lib: ctypes.CDLL, bits: int) -> None:
    groups = rounded(torch.randn(33, 70, generator=torch.Generator().manual_seed(2)), bits)
    one, rows = Own(lib, groups), torch.tensor([32, 0, 17])
    assert torch.equal(one.dense(), groups.dense())
    assert torch.equal(one.take(rows), groups.dense()[rows])
    assert one.bytes >= groups.q.numel() + 2 * groups.scale.numel()


@pytest.mark.parametrize("kind", ["float32", "eight", "four"])
def test_threads_and_company_change_no_bit(lib: ctypes.CDLL, kind: str) -> None:
    one, x = made(lib, kind, 40, 100), vectors(8, 100)
    alone = torch.cat([one(x[n : n + 1]) for n in range(8)])
    for threads in (1, 2, 5):
        torch.set_num_threads(threads)
        assert torch.equal(one(x), alone)
        assert torch.equal(one(x[:7]), alone[:7])


@pytest.mark.parametrize("kind", ["float32", "bfloat16", "eight", "four"])
def test_norm_gate_and_sum_are_part_of_the_product(lib: ctypes.CDLL, kind: str) -> None:
    one, norm, x = made(lib, kind, 64, 70), torch.rand(70) + 0.5, vectors(3, 70)
    assert one.bias is not None
    normal = x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-5) * norm
    y = seen(one, normal) @ one.dense().T + one.bias
    # A number that lies between two whole ones may be rounded either way: one step of a group of 70.
    torch.testing.assert_close(one(x, norm, 1e-5), y, rtol=1e-3, atol=0.1 if isinstance(one, Own) else 1e-4)
    gated = one(x, norm, 1e-5)
    wanted = gated[:, :32] / (1 + torch.exp(-gated[:, :32])) * gated[:, 32:]
    torch.testing.assert_close(one.gate(x, norm, 1e-5), wanted, rtol=1e-5, atol=1e-5)


def test_vectors_of_zeros_and_rows_far_apart_in_memory(lib: ctypes.CDLL) -> None:
    one = made(lib, "four", 17, 33)
    assert one.bias is not None
    torch.testing.assert_close(one(torch.zeros(2, 33)), one.bias.expand(2, 17))
    wide = vectors(4, 80)
    assert torch.equal(one(wide[::2, :33]), one(wide[::2, :33].contiguous()))


def test_a_library_is_built_once_and_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "compiler"
    program.write_text(
        '#!/bin/sh\nif [ "$1" = --version ]; then echo 1; exit; fi\necho run >> "$0.log"\n: > "${@: -1}"\n'
    )
    program.write_text(program.read_text().replace("/bin/sh", "/bin/bash"))
    program.chmod(0o700)
    monkeypatch.setenv("CXX", str(program))
    made = native.build(tmp_path / "kept")
    assert native.build(tmp_path / "kept") == made
    assert (tmp_path / "compiler.log").read_text() == "run\n"
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [made.name]


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo no such flag >&2; exit 3", "ended with 3: no such flag"),
        ('echo hello > "${@: -1}"', "invalid ELF|too short"),
    ],
)
def test_a_compiler_that_fails_leaves_a_reason_and_no_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, told: str
) -> None:
    program = tmp_path / "compiler"
    program.write_text(f'#!/bin/bash\nif [ "$1" = --version ]; then exit; fi\n{script}\n')
    program.chmod(0o700)
    monkeypatch.setenv("CXX", str(program))
    assert native.library(tmp_path / "kept") is None
    assert any(part in native.missing for part in told.split("|"))


def test_without_a_compiler_there_is_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    assert native.library(tmp_path / "other") is None
    assert "no C++ compiler" in native.missing
