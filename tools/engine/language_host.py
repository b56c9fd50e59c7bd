"""The Python language host: `pulumi-language-python` for an engine that came without one.

The engine starts it, reads its port from the first line of its output, and calls it over gRPC. The service is
`pulumirpc.LanguageRuntime`; its generated servicer is part of the SDK.
"""

from __future__ import annotations

import json
import subprocess
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, Any

from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import language_pb2 as rpc
from pulumi.runtime.proto import language_pb2_grpc, plugin_pb2

from tools.engine import build
from tools.engine.plugin_process import failures_as_status, serve
from tools.engine.program import MESSAGE_SHOWN, PulumiProgram, stop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Describes a Python program to the engine at `engine_address`, and runs it."""

    def __init__(self, engine_address: str) -> None:
        self._engine_address = engine_address
        self._programs: set[subprocess.Popen[bytes]] = set()

    def Handshake(self, request: Any, context: Any) -> Any:
        return rpc.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=build.version())

    def GetRequiredPlugins(self, request: Any, context: Any) -> Any:
        return rpc.GetRequiredPluginsResponse()

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        with _failures(context):
            return rpc.GetRequiredPackagesResponse(
                packages=[
                    plugin_pb2.PackageDependency(
                        kind="resource",
                        name=plugin["name"],
                        version=plugin.get("version", ""),
                        server=plugin.get("server", ""),
                    )
                    for plugin in _program(request.info).plugins()
                ]
            )

    def Run(self, request: Any, context: Any) -> Any:
        with _failures(context):
            flags = {
                "project": request.project,
                "stack": request.stack,
                "organization": request.organization,
                "root_directory": request.info.root_directory,
                "pwd": request.pwd,
                "monitor": request.monitor_address,
                "engine": self._engine_address,
                "parallel": str(request.parallel),
                "dry_run": str(request.dryRun).lower(),
            }
            config = {
                "PULUMI_CONFIG": json.dumps(dict(request.config)),
                "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
            }
            process = _program(request.info).start(flags, request.args, config)
            self._programs.add(process)
            if not context.add_callback(partial(_stop_in_thread, process)):  # the engine has gone meanwhile
                _stop_in_thread(process)
            code = process.wait()
            self._programs.remove(process)
            if code == MESSAGE_SHOWN:
                return rpc.RunResponse(bail=True)
            return rpc.RunResponse(error=f"program exited with non-zero exit code: {code}" if code else "")

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[Any]:
        with _failures(context):
            for line in _program(request.info).install():
                yield rpc.InstallDependenciesResponse(stdout=line)

    def About(self, request: Any, context: Any) -> Any:
        with _failures(context):
            program = _program(request.info)
            return rpc.AboutResponse(executable=str(program.interpreter), version=program.version())

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        with _failures(context):
            distributions = _program(request.info).distributions()
            dependencies = [rpc.DependencyInfo(name=name, version=version) for name, version in distributions]
            return rpc.GetProgramDependenciesResponse(dependencies=dependencies)

    def RuntimeOptionsPrompts(self, request: Any, context: Any) -> Any:
        return rpc.RuntimeOptionsResponse()

    def Cancel(self, request: Any, context: Any) -> Any:
        for process in tuple(self._programs):
            _stop_in_thread(process)
        return empty_pb2.Empty()


def _program(info: Any) -> PulumiProgram:
    options = json_format.MessageToDict(info.options)
    return PulumiProgram.parse(info.root_directory, info.program_directory, info.entry_point, options)


def _stop_in_thread(process: subprocess.Popen[bytes]) -> None:
    """Stop a program in a thread, which this process waits for when it ends."""
    Thread(target=stop, args=(process,)).start()


def _failures(context: Any) -> AbstractContextManager[None]:
    return failures_as_status(context, OSError, subprocess.CalledProcessError)


def run(engine_address: str) -> None:
    """Serve the engine at `engine_address` until it ends."""
    host = LanguageHost(engine_address)
    serve(lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server))
