"""Record types and facets that are made of their description are the same to everything but writing."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest

import crmcore_loyalty
from crmcore.domain.catalogue import Catalogue, build
from crmcore.domain.dormant import describe_facet, describe_record, dormant_facet, record_class
from crmcore.domain.errors import InvalidDeclaration
from crmcore.domain.facet import FacetType
from crmcore.domain.field import Field
from crmcore.domain.record import Options, RecordType
from crmcore.plugins.registry import load
from crmcore.testing import specimens

DECLARED = load([specimens, crmcore_loyalty]).catalogue
TYPES = list(DECLARED.records.values())
FACETS = [facet for each in DECLARED.facets.values() for facet in each]


def through_json(plain: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(json.dumps(plain))
    return told


def remade() -> Catalogue:
    """The whole catalogue, made of its descriptions."""
    records = [(t.plugin, record_class(through_json(describe_record(t)))) for t in TYPES]
    facets = [(f.name, dormant_facet(through_json(describe_facet(f)))) for f in FACETS]
    return build(records, facets)


def bare(declared: Field) -> Field:
    return attrs.evolve(declared, validators=())


def shown(options: Options) -> dict[str, Any]:
    left_out = ("complete", "validators")
    return {a.name: getattr(options, a.name) for a in attrs.fields(Options) if a.name not in left_out}


@pytest.mark.parametrize("type", TYPES, ids=lambda t: str(t.name))
def test_a_record_type_comes_back_from_its_description(type: RecordType) -> None:
    """Fields, parts and options, for every record type of the core and of two plugins."""
    made = remade().record(type.name)
    assert made.cls.__name__ == type.cls.__name__
    assert made.cls is not type.cls
    assert made.fields == tuple(map(bare, type.fields))
    assert [(p.name, p.attribute, p.label) for p in made.parts] == [(p.name, p.attribute, p.label) for p in type.parts]
    assert [p.fields for p in made.parts] == [tuple(map(bare, p.fields)) for p in type.parts]
    assert shown(made.options) == shown(type.options)
    assert describe_record(made) == describe_record(type)


@pytest.mark.parametrize("facet", FACETS, ids=lambda f: str(f.name))
def test_a_facet_comes_back_from_its_description(facet: FacetType) -> None:
    """Fields, label and the version since which it is there."""
    made = remade().facet(DECLARED.record(facet.record), facet.name)
    assert made is not None
    assert made.fields == tuple(map(bare, facet.fields))
    assert (made.label, made.since) == (facet.label, facet.since)


@pytest.mark.parametrize("plugin", [None, "specimen", "loyalty"])
def test_made_classes_have_the_fingerprint_of_the_original(plugin: str | None) -> None:
    """So their tables are the same tables."""
    assert remade().fingerprint(plugin) == DECLARED.fingerprint(plugin)


@pytest.mark.parametrize("plain", [{}, {"fields": [{"kind": "text"}]}, {"fields": None, "parts": 3}])
def test_what_is_no_description_is_refused(plain: dict[str, Any]) -> None:
    """As one error of our own, whatever is wrong."""
    with pytest.raises(InvalidDeclaration):
        record_class(plain)
    with pytest.raises(InvalidDeclaration):
        dormant_facet(plain)
