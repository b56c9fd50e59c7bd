"""A stand-in for Pulumi's Cloudflare provider plugin: `cloudflare:index/d1Database:D1Database`, for the emulator only.

It replaces the real plugin if that can't be downloaded, with the same rules (terraform-provider-cloudflare 5.22,
internal/provider.go and internal/services/d1_database), and with state that the other one continues. A changed account,
name, jurisdiction or location hint replaces the database. Read replication changes in place. On refresh, a deleted
database leaves the state. It connects only to loopback addresses, so it cannot be mistaken for the real one.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from tools.engine import provider_plugin
from tools.engine.plugin_process import failures_as_status, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cloudflare.resources.d1 import DatabaseResource

TOKEN = "cloudflare:index/d1Database:D1Database"  # noqa: S105 - Pulumi's word for a resource type
REPLACING = ("accountId", "name", "jurisdiction", "primaryLocationHint")
UPDATING = ("readReplication",)
_API_NAMES = {
    "jurisdiction": "jurisdiction",
    "primaryLocationHint": "primary_location_hint",
    "readReplication": "read_replication",
}


_CONFIG_KEYS = {"apiKey", "apiToken", "apiUserServiceKey", "baseUrl", "email", "userAgentOperatorSuffix"}
_ENGINE_KEYS = {"version", "pluginDownloadURL", "__internal"}
_TOKEN_FORMAT = re.compile(r"[0-9A-Za-z_-]{40,80}")
_META = json.dumps({"schema_version": "500"}, separators=(",", ":"))
"""The version of the resource's schema. The real plugin reads state without one as that of an older release."""


class StandinRefused(Exception):
    """The stand-in does not do this, or the emulator refused it."""


class DatabaseGone(StandinRefused):
    """The database does not exist."""


class StandinProvider(provider_pb2_grpc.ResourceProviderServicer):
    """The provider protocol, for one resource type."""

    _token: str | None = None  # None for the environment's

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=False)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=provider_plugin.version())

    def CheckConfig(self, request: Any, context: Any) -> Any:
        reasons = _config_mistakes(rpc.deserialize_properties(request.news, True))  # noqa: FBT003 - keep unknown values
        failures = [provider_pb2.CheckFailure(reason=reason) for reason in reasons]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> Any:
        self._token = rpc.unwrap_rpc_secret(rpc.deserialize_properties(request.args).get("apiToken"))
        return provider_pb2.ConfigureResponse(acceptSecrets=False, supportsPreview=True)

    def Check(self, request: Any, context: Any) -> Any:
        with failures_as_status(context, StandinRefused):
            if request.type != TOKEN:
                raise StandinRefused(
                    f"{request.type}: the stand-in provider supports only {TOKEN}; use Pulumi's own Cloudflare plugin"
                )
            news = rpc.deserialize_properties(request.news, True)  # noqa: FBT003 - keep unknown values
            missing = [name for name in ("accountId", "name") if name not in news]
            return provider_pb2.CheckResponse(
                inputs=request.news,
                failures=[provider_pb2.CheckFailure(property=name, reason="is required") for name in missing],
            )

    def Diff(self, request: Any, context: Any) -> Any:
        olds, news = (rpc.deserialize_properties(p, True) for p in (request.old_inputs, request.news))  # noqa: FBT003
        replaces = [name for name in REPLACING if olds.get(name) != news.get(name)]
        updates = [name for name in UPDATING if olds.get(name) != news.get(name)]
        kind = provider_pb2.PropertyDiff
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if replaces or updates else provider_pb2.DiffResponse.DIFF_NONE,
            replaces=replaces,
            diffs=[*replaces, *updates],
            hasDetailedDiff=True,
            detailedDiff={
                **{name: kind(kind=kind.UPDATE_REPLACE, inputDiff=True) for name in replaces},
                **{name: kind(kind=kind.UPDATE, inputDiff=True) for name in updates},
            },
        )

    def Create(self, request: Any, context: Any) -> Any:
        with failures_as_status(context, StandinRefused):
            inputs = rpc.deserialize_properties(request.properties, request.preview)
            if request.preview:
                return provider_pb2.CreateResponse(properties=request.properties)
            optional = {_API_NAMES[name]: inputs[name] for name in _API_NAMES if inputs.get(name)}
            account, name = inputs["accountId"], inputs["name"]
            database = self._call(
                lambda api: api.create(account_id=account, name=name, **optional).to_dict(mode="json")
            )
            return provider_pb2.CreateResponse(id=database["uuid"], properties=_state(inputs, database))

    def Read(self, request: Any, context: Any) -> Any:
        with failures_as_status(context, StandinRefused):
            account, imports, uuid = request.id.rpartition("/")  # an import names a database ACCOUNT/UUID
            inputs = rpc.deserialize_properties(request.inputs)
            account = account or inputs["accountId"]
            try:
                database = self._call(lambda api: api.get(uuid, account_id=account).to_dict(mode="json"))
            except DatabaseGone:
                return provider_pb2.ReadResponse()
            inputs |= {"accountId": account, "name": database["name"]}
            if imports or "readReplication" in inputs:
                inputs["readReplication"] = database["read_replication"]
            if imports and database["jurisdiction"]:
                inputs["jurisdiction"] = database["jurisdiction"]
            state = _state(inputs, database)
            return provider_pb2.ReadResponse(id=uuid, properties=state, inputs=_struct(inputs))

    def Update(self, request: Any, context: Any) -> Any:
        with failures_as_status(context, StandinRefused):
            if request.preview:
                return provider_pb2.UpdateResponse(properties=request.news)
            inputs = rpc.deserialize_properties(request.news)
            account, replication = inputs["accountId"], inputs["readReplication"]
            database = self._call(
                lambda api: api.edit(request.id, account_id=account, read_replication=replication).to_dict(mode="json")
            )
            return provider_pb2.UpdateResponse(properties=_state(inputs, database))

    def Delete(self, request: Any, context: Any) -> Any:
        with failures_as_status(context, StandinRefused):
            state = rpc.deserialize_properties(request.properties)
            self._call(lambda api: api.delete(request.id, account_id=state["accountId"]))
            return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def _call(self, method: Callable[[DatabaseResource], Any]) -> Any:
        """Return the answer of the emulator at $CLOUDFLARE_BASE_URL.

        Raises:
            DatabaseGone: The database does not exist.
            StandinRefused: The address is not a loopback address, or the emulator refused the request.
        """
        base_url = os.environ.get("CLOUDFLARE_BASE_URL", "")
        if not _is_loopback(urlsplit(base_url).hostname or ""):
            raise StandinRefused(
                f"the stand-in Cloudflare provider connects only to the local emulator, and CLOUDFLARE_BASE_URL is "
                f"'{base_url}'. For a real account install Pulumi's own plugin: "
                f"pulumi plugin install resource cloudflare {provider_plugin.version()}"
            )
        if not (token := self._token or os.environ.get("CLOUDFLARE_API_TOKEN")):
            raise StandinRefused(
                "there is no Cloudflare API token: export CLOUDFLARE_API_TOKEN, "
                "or run 'pulumi config set --secret cloudflare:apiToken VALUE'"
            )
        import cloudflare  # importing it takes half of the time of a run, and most runs change no database

        client = cloudflare.Cloudflare(api_token=token, base_url=base_url)  # it repeats lost requests, as the real one
        try:
            return method(client.d1.database)
        except cloudflare.APIStatusError as error:
            request, answer = error.request, error.response
            problem = f'{request.method} "{request.url}": {answer.status_code} {answer.reason_phrase} {answer.text}'
            kind = DatabaseGone if isinstance(error, cloudflare.NotFoundError) else StandinRefused
            raise kind(f"failed to make http request: {problem}") from error
        except cloudflare.CloudflareError as error:
            raise StandinRefused(f"failed to make http request: {error}") from error


def _config_mistakes(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield the real provider's refusals of its configuration."""
    for key in sorted(config.keys() - _CONFIG_KEYS - _ENGINE_KEYS):
        yield (
            f"`cloudflare:{key}` is not a valid configuration key for the cloudflare provider. If the referenced key "
            "is not intended for the provider, please choose a different namespace from `cloudflare:`."
        )
    token = rpc.unwrap_rpc_secret(config.get("apiToken"))
    if isinstance(token, str) and not _TOKEN_FORMAT.fullmatch(token):
        yield (
            "could not validate provider configuration: Invalid Attribute Value. Attribute api_token API tokens must "
            "only contain characters a-z, A-Z, 0-9, hyphens and underscores. Check `pulumi config get "
            "cloudflare:apiToken`."
        )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _state(inputs: Mapping[str, Any], database: Mapping[str, Any]) -> struct_pb2.Struct:
    """Return the resource's outputs: its inputs and the values that the API computes."""
    computed = {
        "__meta": _META,
        "id": database["uuid"],
        "uuid": database["uuid"],
        "version": database["version"],
        "createdAt": database["created_at"],
        "fileSize": database.get("file_size"),
        "numTables": database.get("num_tables"),
    }
    return _struct({**inputs, **{name: value for name, value in computed.items() if value is not None}})


def _struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(dict(properties))
    return struct


def run() -> None:
    """Serve the engine until it ends."""
    serve(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(StandinProvider(), server))
