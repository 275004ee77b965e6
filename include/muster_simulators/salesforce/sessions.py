"""Who may call: the OAuth grants and the sessions they open."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import jwt
from jwt.types import Options

from muster_simulators.clock import SimClock
from muster_simulators.salesforce.errors import OAuthError
from muster_simulators.salesforce.options import SalesforceOptions

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LOGIN_HOSTS = ("https://login.salesforce.com", "https://test.salesforce.com")
_TIMES_BY_OUR_CLOCK: Options = {
    "verify_exp": False,
    "verify_aud": False,
    "verify_iat": False,
    "verify_nbf": False,
}
LONGEST_ASSERTION = timedelta(minutes=5)


class Sessions:
    """Sessions by access token; each ends after `session_seconds` without a call."""

    def __init__(self, clock: SimClock, options: SalesforceOptions) -> None:
        self._clock, self._options = clock, options
        self._lock = threading.Lock()
        self._last_used: dict[str, datetime] = {}

    def open(self) -> str:
        token = f"{self._options.org_id[:15]}!AQ{secrets.token_urlsafe(48).replace('-', '.')}"
        with self._lock:
            self._last_used[token] = self._clock.now()
        return token

    def touch(self, token: str) -> bool:
        """Whether the session is alive; if so its idle time starts anew."""
        now = self._clock.now()
        with self._lock:
            last = self._last_used.get(token)
            if last is None:
                return False
            if now - last > timedelta(seconds=self._options.session_seconds):
                del self._last_used[token]
                return False
            self._last_used[token] = now
            return True

    def end(self, token: str) -> None:
        with self._lock:
            self._last_used.pop(token, None)


class Grants:
    """The token endpoint: form fields and the Authorization header in, a session out."""

    def __init__(
        self, sessions: Sessions, clock: SimClock, clients: Mapping[str, str], options: SalesforceOptions
    ) -> None:
        self._sessions, self._clock = sessions, clock
        self._clients, self._options = clients, options
        self._refresh_tokens = dict(options.refresh_tokens)

    def token(self, form: Mapping[str, str], authorization: str | None, base_url: str) -> dict[str, Any]:
        """The reply of `POST /services/oauth2/token`. Raises OAuthError."""
        more: dict[str, Any] = {}
        match form.get("grant_type"):
            case "client_credentials":
                self._check_client(form, authorization)
            case "refresh_token":
                more = self._refresh(form, authorization)
            case grant if grant == JWT_BEARER:
                self._check_assertion(form.get("assertion", ""), base_url)
            case None:
                raise OAuthError(400, "invalid_request", "missing required parameter: grant_type")
            case _:
                raise OAuthError(400, "unsupported_grant_type", "grant type not supported")
        issued = str(int(self._clock.now().timestamp() * 1000))
        identity = f"{base_url}/id/{self._options.org_id}/{self._options.user_id}"
        return {
            "access_token": self._sessions.open(),
            "signature": base64.b64encode(secrets.token_bytes(32)).decode(),
            "scope": "api",
            "instance_url": base_url,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued,
            **more,
        }

    def _check_client(self, form: Mapping[str, str], authorization: str | None) -> str:
        client, secret = _basic(authorization) or (form.get("client_id", ""), form.get("client_secret", ""))
        known = self._clients.get(client)
        if known is None:
            raise OAuthError(400, "invalid_client_id", "client identifier invalid")
        if not hmac.compare_digest(known.encode(), secret.encode()):
            raise OAuthError(401, "invalid_client", "invalid client credentials")
        return client

    def _refresh(self, form: Mapping[str, str], authorization: str | None) -> dict[str, Any]:
        client = self._check_client(form, authorization)
        token = form.get("refresh_token", "")
        if self._refresh_tokens.get(token) != client:
            raise OAuthError(400, "invalid_grant", "expired access/refresh token")
        if not self._options.rotate_refresh_tokens:
            return {}
        del self._refresh_tokens[token]
        fresh = f"5Aep{secrets.token_urlsafe(48)}"
        self._refresh_tokens[fresh] = client
        return {"refresh_token": fresh}

    def _check_assertion(self, assertion: str, base_url: str) -> None:
        """RS256 by the consumer's key, for us, not expired and not for longer than five minutes, by a known user."""
        claims = self._verified(assertion)
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if not {*LOGIN_HOSTS, base_url} & {str(each).rstrip("/") for each in audiences}:
            raise OAuthError(400, "invalid_grant", "audience is invalid")
        try:
            left = float(claims.get("exp", "")) - self._clock.now().timestamp()
        except (TypeError, ValueError):
            raise OAuthError(400, "invalid_assertion", "expiry is missing") from None
        if left <= 0:
            raise OAuthError(400, "invalid_assertion", "JWT expired")
        if left > LONGEST_ASSERTION.total_seconds():
            raise OAuthError(400, "invalid_assertion", "JWT lifetime is too long")
        if claims.get("sub") not in self._options.jwt_users:
            raise OAuthError(400, "invalid_grant", "user hasn't approved this consumer")

    def _verified(self, assertion: str) -> dict[str, Any]:
        try:
            issuer = jwt.decode(assertion, options={"verify_signature": False}).get("iss")
            key = self._options.jwt_keys.get(str(issuer))
            if key is None:
                raise OAuthError(400, "invalid_client_id", "client identifier invalid")
            return dict(jwt.decode(assertion, key, algorithms=["RS256"], options=_TIMES_BY_OUR_CLOCK))
        except jwt.PyJWTError:
            raise OAuthError(400, "invalid_grant", "invalid assertion") from None


def _basic(authorization: str | None) -> tuple[str, str] | None:
    if authorization is None or not authorization.lower().startswith("basic "):
        return None
    try:
        client, _, secret = base64.b64decode(authorization[6:], validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return client, secret
