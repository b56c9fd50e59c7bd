"""The configuration of a stack. Pure.

The keys of `Pulumi.<stack>.yaml` are the camelCase names of the fields. Pulumi.yaml declares each key with the same
default.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.alias_generators import to_camel

from pulumi_d1.ephemeral.names import is_permanent, pull_request_of_stack
from pulumi_d1.ephemeral.ttl import DEFAULT_TTL, parse_ttl
from pulumi_d1.errors import ConfigError
from pulumi_d1.escaping import escape_line
from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.plan import Problem, Severity
from pulumi_d1.migrations.quarantine import Quarantine, join_texts, read_quarantine, read_texts
from pulumi_d1.migrations.rehearsal.rows.options import RehearsalOptions, RowsMode
from pulumi_d1.migrations.run.options import OnFailure, RunOptions
from pulumi_d1.migrations.stop import Stop
from pulumi_d1.naming import database_name, is_database_name, is_production

if TYPE_CHECKING:
    from collections.abc import Mapping

TOP_LEVEL = "top-level"
"""Value of `wranglerEnvironment` for a binding outside every wrangler environment."""

DEFAULT_SEEDS = "seeds"
"""Default folder of an ephemeral stack's seeds. It does not have to exist."""

NONE = "none"
"""Value of `seeds` for an ephemeral stack without seeds, and of `wranglerEnvironment` for no binding."""

_MOST_SHOWN = 200

_BINDING = r"[A-Za-z_$][A-Za-z0-9_$]*"


def _matching(pattern: str, words: str) -> AfterValidator:
    """Return a validator with a message in words; pydantic's own shows the pattern."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(words)
        return text

    return AfterValidator(check)


_Word = Annotated[str, _matching(_BINDING, "use a JavaScript name such as DB")]
_Severity = Literal["error", "warning", "ignore"]
_Path = Annotated[str, Field(min_length=1)]
_Uuid = Annotated[
    str,
    _matching(
        r"([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?", "use a UUID such as 7f3c1a52-0b4d-4e8e-9a61-2d5f8c90e1b7"
    ),
]


def _environment(name: str) -> str:
    """Return a wrangler environment, empty for the top level."""
    return "" if name == TOP_LEVEL else name


def _to_number(value: object) -> object:
    """Convert text to a number: Pulumi passes every value as text, and a Literal compares without converting."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


@dataclass(frozen=True, slots=True)
class BindingPlace:
    """A place for the binding in a wrangler configuration.

    Attributes:
        path: The configuration; empty for the one in the folder.
        binding: Its binding there; empty for that of the key `binding`.
        environment: Its wrangler environment there; empty for that of the stack.
    """

    path: str
    binding: str
    environment: str


def _parse_places(text: str) -> tuple[BindingPlace, ...]:
    """Return the places that `wranglerConfig` lists, such as `a/wrangler.toml, b/wrangler.json#LOG@live`."""
    items = json.loads(text) if text.startswith("[") else text.split(",")
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise ValueError("it is not a list of paths")
    places = []
    for item in items:
        path, _, rest = item.strip().partition("#")
        binding, _, environment = rest.partition("@")
        places.append(BindingPlace(path, binding, environment))
    return tuple(places)


def _check_wrangler_config(text: str) -> str:
    if not text:
        return text
    places = _parse_places(text)
    if not all(place.path.endswith((".toml", ".jsonc", ".json")) for place in places):
        raise ValueError("each path must end in .toml, .jsonc or .json, and may go on with #BINDING@ENVIRONMENT")
    if not all(re.fullmatch(_BINDING, place.binding or "DB") for place in places):
        raise ValueError("a binding after # is a JavaScript name, such as DB")
    if len(set(places)) < len(places):
        raise ValueError("it has a path twice")
    return text


def _check_database_name(name: str) -> str:
    if name and not is_database_name(name):
        raise ValueError("use letters, digits, '-' and '_', and start with a letter or digit")
    if pull_request_of_stack(name.rpartition("-db-")[2]):
        raise ValueError("it is the name of a pull request's database, which 'd1 sweep' deletes")
    return name


def _check_table(name: str) -> str:
    if not ledger.is_allowed_name(name):
        raise ValueError("names that start with sqlite_ or _cf_ belong to SQLite and to D1")
    return name


def _check_quarantine(text: str) -> str:
    try:
        return str(read_quarantine(text, ""))
    except ConfigError as error:
        raise ValueError(str(error)) from None


def _check_contracts(text: str) -> str:
    try:
        return join_texts(read_texts(text))
    except ConfigError as error:
        raise ValueError(f"{error}; 'd1 contract release FILE' adds a file to it") from None


class Settings(BaseModel):
    """The settings of one environment: its database, migrations and entry in the wrangler configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    environment: str = Field(min_length=1, description="The stack's name: dev, prod, pr-12")
    namespace: str = Field(default="", description="Namespace of the keys, unless it is the project's")
    project_name: str = Field(min_length=1, description="First part of the database's name")
    account_id: Annotated[
        str, _matching(r"[0-9A-Za-z_-]{1,32}", "use an account id such as 9a7806061c88ada191ed06f989cc3dac")
    ] = Field(description="Id of the Cloudflare account that owns the database")
    location_hint: Literal["", "wnam", "enam", "weur", "eeur", "apac", "oc"] = ""
    jurisdiction: Literal["", "eu", "fedramp", "us"] = ""
    read_replication: Literal["auto", "disabled"] = "disabled"
    protect: bool = False
    confirm_deletion: _Uuid = ""
    ttl: str = ""
    given_name: Annotated[str, AfterValidator(_check_database_name)] = Field(default="", alias="databaseName")
    export_on_destroy: bool = True
    exports_dir: _Path = "exports"
    backups: _Path = "backups"
    backup_before_loss: bool = False
    require_mask: bool = False
    retention_days: Annotated[Literal[7, 30], BeforeValidator(_to_number)] = 30
    migrations_dir: _Path = "migrations"
    migrations_pattern: str = ""
    migrations_table: Annotated[str, AfterValidator(_check_table), Field(min_length=1)] = "d1_migrations"
    edited_files: _Severity = "warning"
    empty_files: _Severity = "warning"
    missing_files: _Severity = "warning"
    out_of_order_files: _Severity = "warning"
    dangerous_files: _Severity = "warning"
    breaking_files: _Severity = "warning"
    rehearsal_rows: Literal["auto", "live", "sample", "made"] = "auto"
    rehearsal_limit: Annotated[int, Field(ge=1, le=10_000)] = 10
    rehearsal_budget: Annotated[int, Field(ge=1, le=600)] = 30
    unreadable_database: Literal["error", "warning"] = "error"
    on_failure: Literal["stop", "restore"] = "stop"
    import_timeout: Annotated[int, Field(ge=1, le=86_400)] = 1800
    through: str = ""
    contracts: Annotated[str, AfterValidator(_check_contracts)] = ""
    quarantine: Annotated[str, AfterValidator(_check_quarantine)] = ""
    adopt: _Uuid = ""
    seeds: str = ""
    copy_from: str = ""
    binding: _Word = "DB"
    wrangler_config: Annotated[str, AfterValidator(_check_wrangler_config)] = ""
    wrangler_environment: Annotated[
        str, _matching(r"[A-Za-z0-9_-]*", "use a name of letters, digits, '-' and '_', such as staging")
    ] = ""

    @field_validator("ttl")
    @classmethod
    def _check_ttl(cls, text: str, info: ValidationInfo) -> str:
        if text and (is_permanent(info.data.get("environment", "")) or info.data.get("protect")):
            raise ValueError("dev, production and protected stacks never expire: remove the key")
        try:
            parse_ttl(text or DEFAULT_TTL)
        except ConfigError as error:
            raise ValueError(str(error)) from None
        return text

    @field_validator("given_name")
    @classmethod
    def _check_takeover(cls, value: str, info: ValidationInfo) -> str:
        # With the configuration of another stack, 'pulumi destroy' would delete that stack's database. The key adopt
        # is safe: it takes over the database that has this stack's own name, or none.
        if value and (info.data.get("ttl") or pull_request_of_stack(info.data.get("environment", ""))):
            raise ValueError("an ephemeral stack cannot take over an existing database: remove the key")
        return value

    @field_validator("seeds", "copy_from")
    @classmethod
    def _check_copied_rows(cls, value: str, info: ValidationInfo) -> str:
        environment = info.data.get("environment", "")
        if value and (is_production(environment) or info.data.get("protect")):
            raise ValueError("production and protected stacks are never seeded or copied into: remove the key")
        if value == environment and info.field_name == "copy_from":
            raise ValueError("a stack cannot be a copy of itself: name another one")
        return value

    @field_validator("export_on_destroy")
    @classmethod
    def _check_export_on_destroy(cls, export: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - pydantic's signature
        ephemeral = info.data.get("ttl") or pull_request_of_stack(info.data.get("environment", ""))
        if not export and (info.data.get("protect") or not ephemeral):
            raise ValueError(
                "only an ephemeral stack (a pull request's, or one with a ttl) may be destroyed without an export"
            )
        return export

    @property
    def seeds_dir(self) -> str:
        """The folder of the seeds; empty for none. An ephemeral stack without a copy has one by default."""
        if self.seeds:
            return "" if self.seeds == NONE else self.seeds
        return DEFAULT_SEEDS if self.lifetime and not self.copy_from else ""

    @property
    def lifetime(self) -> str:
        """The lifetime after the last run, such as `7d` or `never`; empty unless the stack is ephemeral.

        The stacks of pull requests and those with a `ttl` are ephemeral, unless they are protected.
        """
        if self.protect:
            return ""
        return self.ttl or (DEFAULT_TTL if pull_request_of_stack(self.environment) else "")

    @property
    def is_bound(self) -> bool:
        """True if the wrangler configuration gets an entry for the database."""
        return self.wrangler_environment != NONE

    @property
    def binding_environment(self) -> str:
        """The wrangler environment of the binding; empty for the top level of the configuration."""
        return _environment(self.wrangler_environment or self.environment)

    @property
    def binding_places(self) -> tuple[BindingPlace, ...]:
        """The places of the binding: one in each wrangler configuration, with no empty binding."""
        listed = _parse_places(self.wrangler_config)
        return tuple(
            BindingPlace(
                place.path,
                place.binding or self.binding,
                _environment(place.environment) if place.environment else self.binding_environment,
            )
            for place in listed
        )

    @property
    def run_options(self) -> RunOptions:
        """The stack's decisions about its runs."""
        policy = {
            Problem.EDITED: Severity(self.edited_files),
            Problem.EMPTY: Severity(self.empty_files),
            Problem.MISSING: Severity(self.missing_files),
            Problem.OUT_OF_ORDER: Severity(self.out_of_order_files),
            Problem.DANGEROUS: Severity(self.dangerous_files),
            Problem.BREAKING: Severity(self.breaking_files),
        }
        return RunOptions(
            policy=policy,
            unreadable=Severity(self.unreadable_database),
            on_failure=OnFailure(self.on_failure),
            retention=timedelta(days=self.retention_days),
            import_timeout=timedelta(seconds=self.import_timeout),
            rehearsal=RehearsalOptions(
                RowsMode(self.rehearsal_rows), self.rehearsal_limit, timedelta(seconds=self.rehearsal_budget)
            ),
            backup=self.backups if self.backup_before_loss else "",
            stop=Stop(
                self.through,
                holds_contracts=not self.lifetime,
                released=tuple(text.digest for text in read_texts(self.contracts)),
                stack=self.environment,
            ),
        )

    @property
    def quarantined(self) -> Quarantine:
        """The files that a restore undid and that must not be applied again."""
        return read_quarantine(self.quarantine, self.environment)

    @property
    def database_name(self) -> str:
        """The database's name: the key `databaseName`, or `[project]-db-[environment]`."""
        return self.given_name or database_name(self.project_name, self.environment)

    def key(self, name: str) -> str:
        """Return a key as `pulumi config set` takes it: with the namespace, unless it is the project's."""
        return f"{self.namespace}:{name}" if self.namespace else name


KEYS = tuple(
    str(field.alias) for name, field in Settings.model_fields.items() if name not in {"environment", "namespace"}
)
"""The keys of a stack's configuration, without their namespace."""


def read_settings(
    config: Mapping[str, str], *, environment: str, project: str, account_id: str, namespace: str = ""
) -> Settings:
    """Return the settings of a stack from its configuration.

    Args:
        config: The stack's whole configuration, by key with namespace. An empty value counts as not set.
        project: The Pulumi project's name, which is the namespace of our keys and the default of `projectName`.
        account_id: The default of `accountId`; empty if there is none.
        namespace: The namespace of our keys in a program with several; empty for the project's. It is then part of the
            default of `projectName`.

    Raises:
        ConfigError: A key is unknown, or a value is not allowed; one line for each.
    """
    space = namespace or project
    own = {key.removeprefix(f"{space}:"): value for key, value in config.items() if key.startswith(f"{space}:")}
    mistakes = [] if namespace else _keys_of_another_project(config, project)
    mistakes += [_unknown_key(key, space) for key in own if key not in KEYS]
    given = {key: value for key, value in own.items() if key in KEYS and value != ""}
    given.setdefault("projectName", f"{project}-{namespace}" if namespace else project)
    if account_id:
        given.setdefault("accountId", account_id)
    try:
        settings = Settings.model_validate({**given, "environment": environment, "namespace": namespace})
    except ValidationError as error:
        mistakes += [_bad_value(str(item["loc"][0]), item, space, namespace) for item in error.errors()]
    else:
        if not mistakes:
            settings.database_name  # noqa: B018 - raises ConfigError if the name is not valid
            return settings
    raise ConfigError("\n".join([f"the configuration of stack '{environment}' has mistakes:", *mistakes]))


def _keys_of_another_project(config: Mapping[str, str], project: str) -> list[str]:
    """Return a line for each of our keys under a former name of the project, or under another namespace.

    Ignoring such a key could silently remove the protection of a database.
    """
    return [
        f"  {full}: {_foreign_namespace(namespace, project)}: rename the key to {project}:{key}"
        for full in config
        for namespace, _, key in [full.partition(":")]
        if key in KEYS and namespace != project
    ]


def _foreign_namespace(namespace: str, project: str) -> str:
    if namespace == "cloudflare":
        return "is not a key of the Cloudflare provider"
    return f"belongs to a project of another name; this one is '{project}'"


def _unknown_key(key: str, space: str) -> str:
    close = get_close_matches(key, KEYS, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known keys: {', '.join(KEYS)}"
    return f"  {space}:{_shown(key)}: is not a key of this program; {hint}"


def _bad_value(key: str, item: Mapping[str, object], space: str, namespace: str) -> str:
    """Return a line about a value that is missing or not allowed, and how to set it."""
    if item["type"] == "missing":
        variable = " or export CLOUDFLARE_ACCOUNT_ID" if key == "accountId" else ""
        full = f"{namespace}:{key}" if namespace else key
        return f"  {space}:{key}: is not set; run 'pulumi config set {full} VALUE'{variable}"
    reason = str(item["msg"]).removeprefix("Value error, ").replace("Input should be", "use")
    return f"  {space}:{key}: '{_shown(str(item['input']))}' is not allowed: {reason}"


def _shown(text: str) -> str:
    """Return a value on one line of a message."""
    line = escape_line(text)
    return line if len(line) <= _MOST_SHOWN else f"{line[:_MOST_SHOWN]}…"
