"""What the code behind a handler does to AWS, read from its source.

From a handler's definition every name that it mentions is followed through functions, classes and
imports of the deployed packages. A class counts as a whole, annotations count for nothing: whoever
is handed an object was handed it by code that made it, and that code is followed too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = (ROOT / "functions", ROOT / "layers" / "shared")

ROW_VERBS = {
    "get": "GetItem",
    "refresh": "GetItem",
    "query": "Query",
    "scan": "Scan",
    "batch_get": "BatchGetItem",
    "batch_write": "BatchWriteItem",
    "save": "PutItem",
    "update": "UpdateItem",
    "delete": "DeleteItem",
    "condition_check": "ConditionCheckItem",
}
"""Methods of a PynamoDB model, or of a transaction, and the right that each needs."""

CLIENT_VERBS = {
    "send_message": "sqs:SendMessage",
    "send_message_batch": "sqs:SendMessage",
    "change_message_visibility": "sqs:ChangeMessageVisibility",
    "publish": "sns:Publish",
    "get_parameter": "ssm:GetParameter",
    "get_parameters": "ssm:GetParameters",
    "get_secret_value": "secretsmanager:GetSecretValue",
    "get_object": "s3:GetObject",
    "head_object": "s3:GetObject",
    "put_object": "s3:PutObject",
}
"""Methods of a boto3 client and the right that each needs."""

NUMBERS = "telephone numbers"
"""Where a text is published to: a number has no ARN."""

Name = tuple[str, str]
"""A module and a name in it."""

NOTHING: frozenset[Name] = frozenset()


class Module:
    """One source file: what its top level defines, and what its imports bind."""

    def __init__(self, path: Path, dotted: str) -> None:
        self.dotted = dotted
        self.tree = ast.parse(path.read_text("utf-8"))
        self.names: dict[str, list[ast.AST]] = {}
        self.bound = bindings(self.tree.body)
        for node in _top_level(self.tree.body):
            for name in _defined(node):
                self.names.setdefault(name, []).append(node)


@cache
def modules() -> dict[str, Module]:
    """All deployed modules by dotted name."""
    found = {}
    for source in SOURCES:
        for path in sorted(source.rglob("*.py")):
            parts = path.relative_to(source).with_suffix("").parts
            dotted = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[dotted] = Module(path, dotted)
    return found


def bindings(body: list[ast.stmt]) -> dict[str, Name]:
    """What the imports among these statements bind: local name to (module, name or "")."""
    found: dict[str, Name] = {}
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                found[alias.asname or alias.name] = (node.module, alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.split(".")[0]] = (alias.name, "")
    return found


def reached(handler: str, without: frozenset[Name] = NOTHING) -> list[tuple[Module, ast.AST]]:
    """All definitions that the handler `package.module.name` may come to, with their modules.

    `without` names definitions that it is handed and never uses.
    """
    module, _, name = handler.rpartition(".")
    seen: set[Name] = set(without)
    waiting: list[Name] = [(module, name)]
    found: list[tuple[Module, ast.AST]] = []
    while waiting:
        at = waiting.pop()
        if at in seen or at[0] not in modules():
            continue
        seen.add(at)
        here = modules()[at[0]]
        if at[1] in here.bound and at[1] not in here.names:
            waiting.append(_target(here.bound[at[1]]))
        for node in here.names.get(at[1], ()):
            found.append((here, node))
            waiting.extend(_mentioned(here, node))
    return found


@cache
def environment_reads(handler: str) -> dict[str, str]:
    """Environment variables that the handler's code reads, with the module that does."""
    found = {}
    definitions = reached(handler)
    asking = {
        part.name
        for _, node in definitions
        for part in ast.walk(node)
        if isinstance(part, ast.FunctionDef) and _reads_its_argument(part)
    }
    for module, node in definitions:
        for part in ast.walk(node):
            key = _environment_key(part)
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
                key = part.args[0] if part.func.id in asking and part.args else key
            variable = _constant(module, key)
            if variable:
                found[variable] = module.dotted
    return found


@cache
def rights_used(handler: str, without: frozenset[Name] = NOTHING) -> frozenset[tuple[str, str]]:
    """The rights that the handler's code needs: {("dynamodb:GetItem", "orders"), ...}.

    An index is `parcels/index/open`; what is not DynamoDB has "" for its place, texts `NUMBERS`.
    """
    used: set[tuple[str, str]] = set()
    for module, node in reached(handler, without):
        table = _table_of(module) if module.dotted.startswith("aftersales.tables.") else ""
        for call in (part for part in ast.walk(node) if isinstance(part, ast.Call)):
            for given in call.args:
                # Also where the operation is named to a function that calls it.
                if isinstance(given, ast.Constant) and given.value in CLIENT_VERBS:
                    used.add((CLIENT_VERBS[given.value], ""))
            if not isinstance(call.func, ast.Attribute):
                continue
            if call.func.attr in CLIENT_VERBS:
                texts = any(keyword.arg == "PhoneNumber" for keyword in call.keywords)
                used.add((CLIENT_VERBS[call.func.attr], NUMBERS if texts else ""))
            elif table and call.func.attr in ROW_VERBS:
                place = _place(table, call.func.value)
                if place:
                    used.add((f"dynamodb:{ROW_VERBS[call.func.attr]}", place))
    return frozenset(used)


def _table_of(module: Module) -> str:
    """The table that a module's model names (`name: ClassVar[str] = "feeds"`), "" without one."""
    for part in ast.walk(module.tree):
        named = isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
        if named and part.target.id == "name" and isinstance(part.value, ast.Constant):
            return str(part.value.value)
    return ""


def _place(table: str, receiver: ast.expr) -> str:
    """The table or index that a method is called on; "" where it is neither."""
    if isinstance(receiver, ast.Attribute) and isinstance(receiver.value, ast.Name):
        return f"{table}/index/{receiver.attr}" if receiver.value.id == "_Row" else ""
    if isinstance(receiver, ast.Call):
        receiver = receiver.func
    if isinstance(receiver, ast.Name):
        return table if receiver.id in ("_Row", "row", "target", "transaction") else ""
    return ""


def _environment_key(node: ast.AST) -> ast.expr | None:
    """What is asked here: `os.environ[key]`, `environ.get(key)` or `os.getenv(key)`."""
    if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("environ"):
        return node.slice
    asking = ("environ.get", "os.getenv", "environ.setdefault")
    if isinstance(node, ast.Call) and node.args and ast.unparse(node.func).endswith(asking):
        return node.args[0]
    return None


def _reads_its_argument(function: ast.FunctionDef) -> bool:
    keys = (_environment_key(part) for part in ast.walk(function))
    names = {key.id for key in keys if isinstance(key, ast.Name)}
    return bool(names & {argument.arg for argument in function.args.args})


def _constant(module: Module, key: ast.expr | None) -> str:
    """The text of a constant, or of a module's constant of that name; "" where it is neither."""
    if isinstance(key, ast.Name):
        for definition in module.names.get(key.id, ()):
            if isinstance(definition, ast.Assign):
                key = definition.value
    return str(key.value) if isinstance(key, ast.Constant) else ""


def _target(bound: Name) -> Name:
    """A binding's target: `from package import module` binds a module, whose name is then ""."""
    module, name = bound
    whole = f"{module}.{name}" if name else module
    return (whole, "") if whole in modules() else bound


def _mentioned(module: Module, node: ast.AST) -> Iterator[Name]:
    nested = [part for part in ast.walk(node) if isinstance(part, ast.Import | ast.ImportFrom)]
    bound = {**module.bound, **bindings(nested)}
    for part in _read(node, frozenset()):
        if isinstance(part, ast.Name):
            if part.id in module.names:
                yield module.dotted, part.id
            elif part.id in bound:
                yield _target(bound[part.id])
        elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
            target = _target(bound.get(part.value.id, ("", "")))
            if target[0] in modules() and not target[1]:
                yield target[0], part.attr
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and "import_module" in (
            getattr(call.func, "id", ""),
            getattr(call.func, "attr", ""),
        ):
            yield from _any_of(call.args[0])


def _any_of(name: ast.expr) -> Iterator[Name]:
    """Everything in the modules that a name put together at run time may mean."""
    start = name.values[0] if isinstance(name, ast.JoinedStr) else name
    assert isinstance(start, ast.Constant), f"cannot tell what is imported: {ast.unparse(name)}"
    for dotted, module in modules().items():
        if dotted.startswith(start.value):
            yield from ((dotted, defined) for defined in module.names)


def _read(node: ast.AST, local: frozenset[str]) -> Iterator[ast.AST]:
    """Names that are read, and attributes; not annotations, nor what a function itself defines."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        local |= _own_names(node)
    if isinstance(node, ast.Name):
        if isinstance(node.ctx, ast.Load) and node.id not in local:
            yield node
        return
    if isinstance(node, ast.Attribute):
        yield node
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _read(child, local)


def _own_names(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> frozenset[str]:
    shared = {
        name for part in ast.walk(function) if isinstance(part, ast.Global) for name in part.names
    }
    own = {part.arg for part in ast.walk(function) if isinstance(part, ast.arg)}
    own |= {
        part.id
        for part in ast.walk(function)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }
    return frozenset(own - shared)


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            yield from _top_level(node.body)


def _defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id
