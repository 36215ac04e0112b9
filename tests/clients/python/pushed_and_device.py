"""`requests_oauth2client`, with what Authlib does not have: pushed requests and devices.

`ISSUER=… python pushed_and_device.py SCENARIO`; see `../programs.mjs` for how the user is simulated.
"""

import os
import sys

from requests_oauth2client import (
    AccessDenied,
    AuthorizationPending,
    ClientSecretBasic,
    DeviceAuthorizationPollingJob,
    OAuth2Client,
    PublicApp,
    SlowDown,
)

ISSUER = os.environ["ISSUER"]


def client(client_id, client_secret=None, redirect_uri=None):
    """Discovers the server for a client."""
    auth = ClientSecretBasic(client_id, client_secret) if client_secret else PublicApp(client_id)
    # The library does not read this endpoint from the discovery document.
    device = {"device_authorization_endpoint": f"{ISSUER}/device/authorization"}
    return OAuth2Client.from_discovery_endpoint(
        issuer=ISSUER, auth=auth, redirect_uri=redirect_uri, testing=True, **device
    )


def user(wish, url):
    """Has the user open `url`, and returns where it led."""
    print(wish, url, flush=True)
    return input()


def pushed():
    for program in [
        client("demo-native", redirect_uri="http://127.0.0.1:51004/callback"),
        client("demo-web", "demo-web-secret", redirect_uri="https://client.example/cb"),
    ]:
        request = program.authorization_request(scope="openid email")
        reference = program.pushed_authorization_request(request)
        assert reference.expires_at and "email" not in reference.uri, reference
        response = request.validate_callback(user("open", reference.uri))
        tokens = program.authorization_code(response, validate=True)
        assert tokens.expires_in <= 600 and program.userinfo(tokens)["email"] == "alice@example.com"


def device():
    for program in [client("demo-device"), client("demo-web", "demo-web-secret")]:
        asked = program.authorize_device(scope="openid email")
        assert asked.interval == 5 and not asked.is_expired(), asked
        for told in [AuthorizationPending, SlowDown]:
            try:
                program.device_code(asked.device_code)
                raise AssertionError("a device that nobody allowed has tokens")
            except told:
                pass
        assert user("connect", asked.verification_uri_complete) == "Your device is connected"
        tokens = DeviceAuthorizationPollingJob(program, asked, interval=1)()
        assert program.userinfo(tokens)["email"] == "alice@example.com"

        denied = program.authorize_device(scope="openid")
        assert user("disconnect", denied.verification_uri_complete) == "Denied"
        try:
            program.device_code(denied.device_code)
            raise AssertionError("a device that was denied has tokens")
        except AccessDenied:
            pass


if __name__ == "__main__":
    {"pushed": pushed, "device": device}[sys.argv[1]]()
