"""template.yaml in two forms: as written, and as CloudFormation gets it after the SAM transform."""

from __future__ import annotations

import copy
import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PATH = ROOT / "template.yaml"

FUNCTION = "AWS::Serverless::Function"


@functools.cache
def _written() -> dict[str, Any]:
    from samtranslator.yaml_helper import yaml_parse

    return dict(yaml_parse(PATH.read_text("utf-8")))


class Template:
    """One version of the template. `raw` may be changed before anything else is asked."""

    def __init__(self) -> None:
        self.raw = copy.deepcopy(_written())

    @functools.cached_property
    def transformed(self) -> dict[str, Any]:
        """The resources after the transform, by logical id."""
        os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
        from samtranslator.parser.parser import Parser
        from samtranslator.translator.translator import Translator

        given = copy.deepcopy(self.raw)
        # What `sam package` does: the transform itself takes archives only.
        given["Globals"]["Function"].pop("CodeUri", None)
        for resource in given["Resources"].values():
            if resource["Type"] == FUNCTION:
                resource["Properties"]["CodeUri"] = "s3://bucket/key"
            if resource["Type"] == "AWS::Serverless::LayerVersion":
                resource["Properties"]["ContentUri"] = "s3://bucket/key"
        return dict(Translator({}, Parser()).translate(given, {})["Resources"])

    def written(self, kind: str) -> dict[str, dict[str, Any]]:
        """Properties of the resources of a type as written, by logical id."""
        return _of_kind(self.raw["Resources"], kind)

    def final(self, kind: str) -> dict[str, dict[str, Any]]:
        """Properties of the resources of a type after the transform, by logical id."""
        return _of_kind(self.transformed, kind)

    def functions(self) -> dict[str, dict[str, Any]]:
        """The functions as written, with `Globals` filled in."""
        shared = self.raw["Globals"]["Function"]
        return {name: {**shared, **given} for name, given in self.written(FUNCTION).items()}

    def variables(self, name: str) -> dict[str, Any]:
        """The environment of a function."""
        return dict(self.final("AWS::Lambda::Function")[name]["Environment"]["Variables"])

    def events(self, kind: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """(function, event name, properties) of all triggers of a type, as written."""
        for name, properties in self.written(FUNCTION).items():
            for event, given in properties.get("Events", {}).items():
                if given["Type"] == kind:
                    yield name, event, given["Properties"]

    def statements(self, function: str) -> Iterator[dict[str, Any]]:
        """All statements of a function's role, those of policies attached to it included."""
        role = self.functions()[function]["Role"]["Fn::GetAtt"][0]
        for policy in self.transformed[role]["Properties"].get("Policies", []):
            yield from policy["PolicyDocument"]["Statement"]
        for policy in self.final("AWS::IAM::Policy").values():
            if {"Ref": role} in policy["Roles"]:
                yield from policy["PolicyDocument"]["Statement"]


def _of_kind(resources: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {
        name: resource.get("Properties", {})
        for name, resource in resources.items()
        if resource["Type"] == kind
    }


def listed(value: Any) -> list[Any]:
    """CloudFormation writes one or many; this is always many."""
    return value if isinstance(value, list) else [value]


def named(value: Any) -> str:
    """The logical id that a Ref, GetAtt or Sub points to; "" where it points to none."""
    if not isinstance(value, dict):
        return ""
    if "Ref" in value:
        return str(value["Ref"])
    if "Fn::GetAtt" in value:
        return str(value["Fn::GetAtt"][0])
    text = str(value.get("Fn::Sub", ""))
    return text.partition("${")[2].partition("}")[0].partition(".")[0]
