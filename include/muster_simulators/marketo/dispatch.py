"""From an HTTP request to an answer: size limits, faults, token, quotas, route, envelope."""

from __future__ import annotations

import itertools
import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from muster_simulators.marketo.call import Call, read_call
from muster_simulators.marketo.errors import MarketoError
from muster_simulators.marketo.instance import Instance
from muster_simulators.marketo.values import render

Answer = Mapping[str, Any] | Response
Handler = Callable[..., Answer]
Route = tuple[str, str, Handler]
"""(method, path template, handler); the handler gets (instance, call, *path parameters)."""

JSON_TYPE = "application/json;charset=UTF-8"


class RouteTable:
    """Finds the handler of a path: literal paths first, then templates such as `/lists/{id}.json`."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._literal: dict[str, dict[str, Handler]] = {}
        self._patterns: dict[str, tuple[re.Pattern[str], dict[str, Handler]]] = {}
        for method, template, handler in routes:
            if "{" in template:
                pattern = "[^/]+?".join(re.escape(part) for part in re.split(r"\{\w+\}", template))
                pattern = pattern.replace("[^/]+?", "([^/]+?)")
                _, methods = self._patterns.setdefault(template, (re.compile(pattern), {}))
                methods[method] = handler
            else:
                self._literal.setdefault(template, {})[method] = handler

    def find(self, method: str, path: str) -> tuple[Handler, tuple[str, ...]]:
        """The handler and the path's parameters; 610 for an unknown path, 605 for a wrong method."""
        found: tuple[str, ...] = ()
        methods = self._literal.get(path)
        if methods is None:
            for pattern, candidates in self._patterns.values():
                match = pattern.fullmatch(path)
                if match:
                    methods, found = candidates, match.groups()
                    break
        if methods is None:
            raise MarketoError("610")
        if method not in methods:
            raise MarketoError("605", f"HTTP Method '{method}' not supported")
        return methods[method], found


class Dispatcher:
    """The one ASGI endpoint behind every authenticated path."""

    def __init__(self, instance: Instance, routes: RouteTable, in_flight: Callable[[], int]) -> None:
        self._instance, self._routes, self._in_flight = instance, routes, in_flight
        self._numbers = itertools.count(secrets.randbelow(0xFFFF))

    async def __call__(self, request: Request) -> Response:
        options = self._instance.options
        uri = len(request.scope.get("raw_path", b"")) + len(request.scope.get("query_string", b""))
        if uri > options.max_uri_bytes:
            self._instance.stats.violated(self._instance.source, "uri_bytes")
            return Response("Request-URI Too Long", 414, media_type="text/plain")
        content = await request.body()
        if len(content) > options.max_body_bytes:
            self._instance.stats.violated(self._instance.source, "body_bytes")
            return Response("Request Entity Too Large", 413, media_type="text/plain")
        in_flight = self._in_flight()
        return await run_in_threadpool(self._answer, request, content, in_flight)

    def _answer(self, request: Request, content: bytes, in_flight: int) -> Response:
        instance, user, admitted = self._instance, "", False
        asset = request.url.path.startswith("/rest/asset/")
        try:
            headers = {name.lower(): value for name, value in request.headers.items()}
            call = read_call(request.method, request.url.path, request.url.query, headers, content)
            call.client_id = self._authenticate(call)
            call.user = user = instance.tokens.user(call.client_id)
            instance.limits.admit(user, instance.clock.now(), in_flight)
            admitted = True
            fault = instance.fault(request.method, request.url.path, "code")
            if fault is not None:
                raise MarketoError(*_code_of(fault.value))
            handler, parameters = self._routes.find(call.method, call.path)
            answer = handler(instance, call, *parameters)
        except MarketoError as refusal:
            instance.limits.failed(user, instance.clock.now(), refusal.code, admitted=admitted)
            errors = [{"code": refusal.code, "message": refusal.message}]
            return self._envelope({"success": False, "errors": errors})
        if isinstance(answer, Response):
            return answer
        return self._envelope(
            {"success": True, **({"errors": [], "warnings": []} if asset else {}), **answer}
        )

    def _authenticate(self, call: Call) -> str:
        kind, _, value = call.headers.get("authorization", "").partition(" ")
        token = value.strip() if kind.lower() == "bearer" else None
        if token is None and self._instance.options.legacy_query_token:
            token = call.one("access_token")
        return self._instance.tokens.client_of(token)

    def _envelope(self, content: Mapping[str, Any]) -> Response:
        stamp = int(self._instance.clock.now().timestamp() * 1000)
        request_id = f"{next(self._numbers) & 0xFFFFF:x}#{stamp:x}"
        text = json.dumps({"requestId": request_id, **content}, default=render, ensure_ascii=False)
        return Response(text, headers={"content-type": JSON_TYPE})


def _code_of(value: Any) -> tuple[str, str | None]:
    """A `code` fault's value: "606", or ["1029", "Job already queued"]."""
    if isinstance(value, list | tuple):
        return str(value[0]), str(value[1])
    return str(value or "611"), None
