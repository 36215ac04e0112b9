"""A web application that uses Authlib's Flask integration as documented, run through scenarios.

`ISSUER=… python client.py SCENARIO`; see `../programs.mjs` for how the user is simulated.
"""

import os
import sys
import time

# The local server speaks plain HTTP on loopback, which Authlib rejects unless told otherwise.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT
from authlib.oidc.discovery import OpenIDProviderMetadata
from flask import Flask
from joserfc.jwk import ECKey

ISSUER = os.environ["ISSUER"]
PUBLIC = {"client_id": "demo-native", "redirect_uri": "http://127.0.0.1:51004/callback"}
CONFIDENTIAL = {
    "client_id": "demo-web",
    "client_secret": "demo-web-secret",
    "redirect_uri": "https://client.example/cb",
}

SERVICE = {"client_id": "demo-service", "client_secret": "demo-service-secret"}

# The private key of the demo client `demo-private-key-jwt`.
KEY = ECKey.import_key({
    "kty": "EC",
    "crv": "P-256",
    "x": "HqRe9DNT6_Bkbd1kTTmeU9FrhGbUDA6MsqJJ5DkePGI",
    "y": "vemUTTFMcgKJ0jfYJSQQPI6WUeO90e2I9nrdqOtIK6Q",
    "d": "ED3LjXuH9o-XA5wBytj04JFXPO8rxKDMQgp_XbR_9As",
})


def signing(method, alg):
    """Authenticates with an assertion for the issuer, valid for a minute (Authlib's default: the endpoint, and an hour).

    Authlib's object keeps the claims it was given, including the first `jti`, so each request gets a new object.
    """

    def authenticated(auth, *request):
        return method(ISSUER, alg=alg, claims={"exp": int(time.time()) + 60})(auth, *request)

    return method.name, authenticated


SIGNING = [signing(PrivateKeyJWT, "ES256"), signing(ClientSecretJWT, "HS256")]


class Application:
    """The application of one client, used by one visitor."""

    def __init__(
        self, client_id, redirect_uri, client_secret=None, scope="openid profile email", authentication=None
    ):
        self.flask = Flask(__name__)
        self.flask.secret_key = os.urandom(16)
        self.provider = OAuth(self.flask).register(
            "postern",
            client_id=client_id,
            client_secret=client_secret,
            server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
            client_auth_methods=SIGNING,
            client_kwargs={
                "scope": scope,
                "code_challenge_method": "S256",
                "token_endpoint_auth_method": authentication,
                "revocation_endpoint_auth_method": authentication,
            },
        )
        self.redirect_uri = redirect_uri
        self.flask.add_url_rule("/login", view_func=self.login)
        self.flask.add_url_rule("/callback", view_func=self.callback)
        self.visitor = self.flask.test_client()
        self.token = None
        self.error = None

    def login(self):
        """Redirects the user to the server."""
        return self.provider.authorize_redirect(self.redirect_uri)

    def callback(self):
        """Handles the callback: checks that the same user returned, and gets the token."""
        try:
            self.token, self.error = self.provider.authorize_access_token(), None
        except OAuthError as error:
            self.token, self.error = None, error.error
        return ""

    def leave(self, wish="open"):
        """Sends the user to the server and returns the parameters of the response."""
        print(wish, self.visitor.get("/login").location, flush=True)
        return input().split("?", 1)[1]

    def come_back(self, query):
        """Calls the callback with these parameters; the outcome is in `token` or `error`."""
        assert self.visitor.get(f"/callback?{query}").status_code == 200
        return self.token

    def log_in(self):
        """Runs the whole login."""
        token = self.come_back(self.leave())
        assert token, self.error
        return token

    def userinfo(self, token):
        """Returns the userinfo claims for `token`."""
        with self.flask.test_request_context():
            return self.provider.userinfo(token=token)

    def session(self):
        """Returns the session that Authlib uses for its own requests, and the metadata."""
        with self.flask.test_request_context():
            return self.provider._get_oauth_client(), self.provider.load_server_metadata()


def public():
    application = Application(**PUBLIC)
    token = application.log_in()
    assert token["token_type"] == "Bearer" and token["expires_in"] == 600, token
    # Authlib has already verified signature, issuer, audience, nonce and at_hash.
    claims = token["userinfo"]
    assert claims["iss"] == ISSUER and claims["aud"] == "demo-native", claims
    assert application.userinfo(token)["sub"] == claims["sub"]
    OpenIDProviderMetadata(application.session()[1]).validate()


def confidential():
    application = Application(**CONFIDENTIAL)
    token = application.log_in()
    assert application.userinfo(token)["email"] == "alice@example.com"


def refused():
    application = Application(**PUBLIC)
    assert application.come_back(application.leave("deny")) is None
    assert application.error == "access_denied", application.error

    # A response of another visitor does not match this visitor's state.
    query = application.leave()
    assert Application(**PUBLIC).come_back(query) is None
    # A code works once. The application forgets the state after use, so this calls the token endpoint directly.
    assert application.come_back(query), application.error
    session, metadata = application.session()
    code = dict(pair.split("=", 1) for pair in query.split("&"))["code"]
    try:
        session.fetch_token(
            metadata["token_endpoint"], code=code, redirect_uri=PUBLIC["redirect_uri"], code_verifier="v" * 43
        )
        raise AssertionError("a code was redeemed twice")
    except OAuthError as error:
        assert error.error == "invalid_grant", error.error

    impostor = Application(**{**CONFIDENTIAL, "client_secret": "wrong"})
    assert impostor.come_back(impostor.leave()) is None
    assert impostor.error == "invalid_client", impostor.error


def revoked():
    for client in [PUBLIC, CONFIDENTIAL]:
        application = Application(**client)
        token = application.log_in()
        session, metadata = application.session()
        answer = session.revoke_token(
            metadata["revocation_endpoint"], token=token["access_token"], token_type_hint="access_token"
        )
        assert answer.status_code == 200, answer.text
        try:
            application.userinfo(token)
            raise AssertionError("a revoked token was accepted")
        except requests.HTTPError as error:
            assert error.response.status_code == 401


def refreshed():
    for client, rotates in [(PUBLIC, True), (CONFIDENTIAL, False)]:
        application = Application(**client, scope="openid profile email offline_access")
        first = application.log_in()
        session, metadata = application.session()

        def refresh(token, **parameters):
            # Authlib keeps the current refresh token unless the response contains a new one.
            with application.flask.app_context():
                return session.refresh_token(metadata["token_endpoint"], refresh_token=token, **parameters)

        second = refresh(first["refresh_token"])
        assert (second["refresh_token"] != first["refresh_token"]) == rotates, client
        # The client may repeat the request because the response may have been lost.
        assert refresh(first["refresh_token"])["refresh_token"] == second["refresh_token"]
        assert application.userinfo(second)["sub"] == first["userinfo"]["sub"]
        assert "email" not in application.userinfo(refresh(second["refresh_token"], scope="openid"))

        last = refresh(second["refresh_token"])
        answer = session.revoke_token(
            metadata["revocation_endpoint"], token=last["refresh_token"], token_type_hint="refresh_token"
        )
        assert answer.status_code == 200, answer.text
        try:
            refresh(last["refresh_token"])
            raise AssertionError("a revoked refresh token was accepted")
        except OAuthError as error:
            assert error.error == "invalid_grant", error.error
        try:
            application.userinfo(first)
            raise AssertionError("an access token outlived its grant")
        except requests.HTTPError as error:
            assert error.response.status_code == 401


def service():
    application = Application(**PUBLIC)
    token = application.log_in()
    metadata = application.session()[1]
    session = OAuth2Session(**SERVICE)
    own = session.fetch_token(
        metadata["token_endpoint"],
        grant_type="client_credentials",
        scope="offers.read",
        resource="https://orders.example/api",
    )
    assert own["scope"] == "offers.read" and "refresh_token" not in own, own

    def introspect(token):
        answer = session.introspect_token(metadata["introspection_endpoint"], token=token["access_token"])
        assert answer.status_code == 200, answer.text
        return answer.json()

    assert introspect(own)["aud"] == ["https://orders.example/api"], introspect(own)
    users = introspect(token)
    assert users["active"] and users["sub"] == token["userinfo"]["sub"] and users["client_id"] == "demo-native", users
    # With `revoke_tokens`, a service can revoke tokens of other clients.
    assert session.revoke_token(metadata["revocation_endpoint"], token=token["access_token"]).status_code == 200
    assert introspect(token) == {"active": False}
    assert introspect(own)["active"]


def asserted():
    for client_id, secret, authentication in [
        ("demo-private-key-jwt", KEY, "private_key_jwt"),
        ("demo-secret-jwt", "demo-secret-jwt-secret-of-32-characters-and-more", "client_secret_jwt"),
    ]:
        client = {"client_id": client_id, "redirect_uri": CONFIDENTIAL["redirect_uri"]}
        application = Application(**client, client_secret=secret, authentication=authentication)
        token = application.log_in()
        assert token["userinfo"]["aud"] == client_id, token
        session, metadata = application.session()

        def introspected():
            answer = session.introspect_token(metadata["introspection_endpoint"], token=token["access_token"])
            assert answer.status_code == 200, answer.text
            return answer.json()["active"]

        assert introspected()
        answer = session.revoke_token(metadata["revocation_endpoint"], token=token["access_token"])
        assert answer.status_code == 200, answer.text
        assert not introspected()

    impostor = Application(**client, client_secret="somebody else's secret of 32 characters", authentication=authentication)
    assert impostor.come_back(impostor.leave()) is None
    assert impostor.error == "invalid_client", impostor.error


SCENARIOS = {
    "public": public,
    "confidential": confidential,
    "refused": refused,
    "revoked": revoked,
    "refreshed": refreshed,
    "service": service,
    "asserted": asserted,
}

if __name__ == "__main__":
    SCENARIOS[sys.argv[1]]()
