"""Keys are built and parsed in one place, and building and parsing agree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.paths import ParsedKey, TenantPaths, decode_name, encode_name, generations, parse
from engine.stores.keys import check_key, check_prefix


def test_the_layout_is_this_one() -> None:
    paths = TenantPaths("Acme Ltd", "5f")
    assert paths.root == "tenants/.41cme.20.4ctd/5f/"
    assert paths.manifest(3) == "tenants/.41cme.20.4ctd/5f/manifest/0000000000000003"
    assert paths.wal(12) == "tenants/.41cme.20.4ctd/5f/wal/0000000000000012"
    assert paths.object("00000001-ab") == "tenants/.41cme.20.4ctd/5f/objects/00000001-ab.parquet"
    assert paths.refs("00000001-ab") == "tenants/.41cme.20.4ctd/5f/objects/00000001-ab.refs"
    assert generations("Acme Ltd") == "tenants/.41cme.20.4ctd/"


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
    st.integers(0, 10**16 - 1),
)
def test_what_is_built_is_parsed(name: str, number: int) -> None:
    paths = TenantPaths(name, "g1")
    assert parse(check_key(paths.wal(number))) == ParsedKey(name, "g1", "wal", number=number)
    assert parse(paths.manifest(number)) == ParsedKey(name, "g1", "manifest", number=number)
    assert parse(paths.object("e-1")) == ParsedKey(name, "g1", "object", id="e-1")
    assert parse(paths.refs("e-1")) == ParsedKey(name, "g1", "refs", id="e-1")
    for prefix in (paths.root, paths.wals, paths.manifests, paths.objects, generations(name)):
        check_prefix(prefix)


@given(*[st.text(st.characters(exclude_categories=["Cs"]), max_size=8)] * 2)
def test_names_stay_apart(one: str, other: str) -> None:
    assert decode_name(encode_name(one)) == one
    assert (encode_name(one).lower() == encode_name(other).lower()) == (one == other)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "tenants/a/g",
        "tenants/a/g/wal/1",
        "tenants/a/g/wal/00000000000000001",
        "tenants/a/g/wal/000000000000000x",
        "tenants/a/g/other/0000000000000001",
        "tenants/a/g/objects/x.txt",
        "tenants/a/g/objects/x.parquet.refs",
        "other/a/g/wal/0000000000000001",
    ],
)
def test_other_keys_are_none_of_ours(key: str) -> None:
    assert parse(key) is None


@pytest.mark.parametrize("number", [-1, 10**16])
def test_numbers_have_a_range(number: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        TenantPaths("a", "g").wal(number)
