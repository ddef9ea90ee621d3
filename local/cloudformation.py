"""Reading a CloudFormation template and resolving its intrinsic functions for one machine.

`Ref` and `Fn::GetAtt` of a resource give what the local parts answer to: a table's or bucket's
name, a queue's local URL, made-up ARNs of account 000000000000.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from aftersales.errors import Misconfigured

REGION = "us-east-1"
ACCOUNT = "000000000000"
_NOTHING = object()
"""What `AWS::NoValue` resolves to: the property disappears."""


class _Loader(yaml.SafeLoader):
    """YAML with the short forms: `!Ref x` is {"Ref": "x"}, `!Sub x` is {"Fn::Sub": "x"}."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)


def read(path: Path) -> dict[str, Any]:
    """The template as plain data. Raises `Misconfigured` naming file and line."""
    try:
        loaded = yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except OSError as exc:
        raise Misconfigured(f"{path} cannot be read: {exc.strerror}.") from exc
    except yaml.YAMLError as exc:
        raise Misconfigured(f"{path} is not valid YAML: {exc}") from exc
    if not isinstance(loaded, dict) or not isinstance(loaded.get("Resources"), dict):
        raise Misconfigured(f"{path} has no Resources.")
    return loaded


class Resolver:
    """Resolves one template with the defaults of its parameters and the overrides given.

    `stack` stands for the stack's name; `queue_base_url` is where the local queues answer.
    Raises `Misconfigured` for anything that it does not know, naming it.
    """

    def __init__(
        self,
        template: Mapping[str, Any],
        *,
        stack: str,
        parameters: Mapping[str, str],
        queue_base_url: str = "",
    ) -> None:
        self._template = template
        self._resources: Mapping[str, Any] = template["Resources"]
        self._queue_base_url = queue_base_url
        self._values: dict[str, Any] = {
            "AWS::StackName": stack,
            "AWS::Region": REGION,
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{stack}/local",
            "AWS::NoValue": _NOTHING,
        }
        for name, parameter in (template.get("Parameters") or {}).items():
            value = parameters.get(name, parameter.get("Default"))
            if parameter.get("Type") == "CommaDelimitedList" and isinstance(value, str):
                value = [part.strip() for part in value.split(",")]
            # A parameter without a default is a fault only where it is used here.
            if value is not None:
                self._values[name] = value

    def resolve(self, value: Any) -> Any:
        """`value` with every intrinsic function replaced."""
        if isinstance(value, list):
            found = [self.resolve(part) for part in value]
            return [part for part in found if part is not _NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name == "Ref" or name.startswith("Fn::"):
                return self._call(name, argument)
            if name == "Condition" and isinstance(argument, str):
                return self.condition(argument)
        resolved = {name: self.resolve(part) for name, part in value.items()}
        return {name: part for name, part in resolved.items() if part is not _NOTHING}

    def condition(self, name: str) -> bool:
        """Whether a named condition holds."""
        conditions = self._template.get("Conditions") or {}
        if name not in conditions:
            raise Misconfigured(f"The template has no condition {name}.")
        return bool(self.resolve(conditions[name]))

    def _call(self, name: str, argument: Any) -> Any:  # noqa: PLR0911 - one per intrinsic function
        simple = {"Ref": self._ref, "Fn::GetAtt": self._attribute, "Fn::Sub": self._sub}
        if name in simple:
            return simple[name](argument)
        if name == "Fn::If":
            condition, yes, no = argument
            return self.resolve(yes if self.condition(condition) else no)
        arguments = self.resolve(argument)
        match name:
            case "Fn::Equals":
                return str(arguments[0]) == str(arguments[1])
            case "Fn::And":
                return all(arguments)
            case "Fn::Or":
                return any(arguments)
            case "Fn::Not":
                return not arguments[0]
            case "Fn::Join":
                return str(arguments[0]).join(str(part) for part in arguments[1])
            case "Fn::Select":
                return arguments[1][int(arguments[0])]
            case "Fn::Split":
                return str(arguments[1]).split(str(arguments[0]))
            case "Fn::FindInMap":
                first, second, third = arguments[:3]
                return self._template["Mappings"][first][second][third]
        raise Misconfigured(f"The one-machine runner does not know {name} in the template.")

    def _ref(self, name: str) -> Any:  # noqa: PLR0911 - one per kind of resource
        if name in self._values:
            return self._values[name]
        # The alias that SAM makes for `AutoPublishAlias`.
        function, _, alias = name.partition(".")
        if alias:
            return self._attribute([function, "Arn"])
        kind, properties = self._resource(name)
        match kind:
            case "AWS::DynamoDB::Table":
                return self._name(name, properties, "TableName")
            case "AWS::S3::Bucket":
                return self._name(name, properties, "BucketName")
            case "AWS::SQS::Queue":
                queue = self._name(name, properties, "QueueName")
                return f"{self._queue_base_url}/{ACCOUNT}/{queue}"
            case "AWS::SNS::Topic":
                return self._attribute([name, "TopicArn"])
            case _:
                return name

    def _attribute(self, argument: Any) -> str:
        name, attribute = argument if isinstance(argument, list) else argument.split(".", 1)
        kind, properties = self._resource(name)
        service = {
            "AWS::DynamoDB::Table": ("dynamodb", "table/", "TableName"),
            "AWS::S3::Bucket": ("s3", "", "BucketName"),
            "AWS::SQS::Queue": ("sqs", "", "QueueName"),
            "AWS::SNS::Topic": ("sns", "", "TopicName"),
        }.get(kind)
        if service is None:
            # Functions, roles, logs: nobody calls them by ARN, but the logical id must be found.
            lambda_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
            return lambda_arn if "Function" in kind else f"{name}.{attribute}"
        prefix, path, named_by = service
        own_name = self._name(name, properties, named_by)
        if attribute in {"QueueName", "TopicName"}:
            return own_name
        arn = f"arn:aws:{prefix}:{REGION}:{ACCOUNT}:{path}{own_name}"
        return f"{arn}/stream/local" if attribute == "StreamArn" else arn

    def _resource(self, name: str) -> tuple[str, Mapping[str, Any]]:
        if name not in self._resources:
            raise Misconfigured(
                f"The template refers to {name}, which is neither a resource nor a parameter "
                "with a default.",
            )
        resource = self._resources[name]
        return resource["Type"], resource.get("Properties") or {}

    def _name(self, logical_id: str, properties: Mapping[str, Any], named_by: str) -> str:
        if named_by in properties:
            return str(self.resolve(properties[named_by]))
        made_up = f"{self._values['AWS::StackName']}-{logical_id}"
        return made_up.lower() if named_by == "BucketName" else made_up

    def _sub(self, argument: Any) -> str:
        text, extra = argument if isinstance(argument, list) else (argument, {})

        def replaced(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name in extra:
                return str(self.resolve(extra[name]))
            is_attribute = "." in name and name not in self._values
            return str(self._attribute(name) if is_attribute else self._ref(name))

        return re.sub(r"\$\{([^}]+)\}", replaced, text)
