"""A simulated browser and a client that use the HTTP API of a deployed stack.

The emulator listens for plain HTTP on loopback and expects the API's name in the Host header, while the stack's own URLs
are https URLs of AWS. So cookies are handled here, and requests for URLs of the stack are sent to the emulator.
"""

import base64
import copy
import hashlib
import http.client
import json
import secrets
from html.parser import HTMLParser
from urllib.parse import parse_qsl, quote, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256

REDIRECT_URI = "http://127.0.0.1:51004/callback"


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Answer:
    """A response: status, headers and body."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.cookies = [value for name, value in response.getheaders() if name.lower() == "set-cookie"]
        self.text = response.read().decode()

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def location(self):
        return self.headers.get("location", "")

    def parameter(self, name):
        return dict(parse_qsl(urlsplit(self.location).query)).get(name)

    def __repr__(self):
        return f"{self.status} {self.location} {self.text[:600]}"


class Form(HTMLParser):
    """The first form of a page: its action, and what it sends if its user changes nothing."""

    def __init__(self, page):
        super().__init__()
        self.action, self.hidden, self.ended = None, [], False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if self.ended:
            return
        attributes = dict(attributes)
        if tag == "form" and self.action is None:
            self.action = attributes.get("action")
        is_on = attributes.get("type") == "checkbox" and "checked" in attributes
        if tag == "input" and (attributes.get("type") == "hidden" or is_on):
            self.hidden.append((attributes["name"], attributes.get("value", "")))

    def handle_endtag(self, tag):
        self.ended = self.ended or tag == "form"


def basic(secret):
    """Returns the HTTP Basic header for `id:secret`."""
    return {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"} if secret else {}


class Stack:
    """A deployed stack as clients see it."""

    def __init__(self, port, outputs):
        self.port = port
        self.outputs = outputs
        self.api_host = f"{outputs['ApiId']}.execute-api.localhost:{port}"
        # With a custom domain the stack is reachable under that name only.
        self.host = urlsplit(outputs["PublicUrl"]).hostname if "RegionalDomainName" in outputs else self.api_host
        self.issuer = outputs["Issuer"]

    def of_workspace(self, name):
        """The same stack with the issuer of another workspace."""
        other = copy.copy(self)
        other.issuer = self.issuer.replace("/default/demo", f"/{name}")
        return other

    def send(self, method, url, fields=None, headers=None):
        parts = urlsplit(url)
        target = parts.path + ("?" + parts.query if parts.query else "")
        headers = {"Host": self.host, **(headers or {})}
        body = None
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            pairs = fields.items() if isinstance(fields, dict) else fields
            body = "&".join(f"{quote(name, '')}={quote(value, '')}" for name, value in pairs)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, target, body, headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def jwks(self):
        return self.send("GET", f"{self.issuer}/.well-known/jwks.json").json["keys"]

    def token(self, fields, secret=None):
        return self.send("POST", f"{self.issuer}/oauth2/token", fields, basic(secret))

    def introspect(self, token, secret, accept="application/json"):
        headers = {**basic(secret), "Accept": accept}
        return self.send("POST", f"{self.issuer}/oauth2/introspect", {"token": token}, headers)

    def userinfo(self, access_token):
        return self.send("GET", f"{self.issuer}/userinfo", headers={"Authorization": f"Bearer {access_token}"})


def authorization_request(client_id, pkce, **more):
    return {
        "response_type": "code", "client_id": client_id, "redirect_uri": REDIRECT_URI, "scope": "openid profile",
        "state": "state-1", "nonce": "nonce-1", "code_challenge": pkce.challenge, "code_challenge_method": "S256", **more,
    }


class Visitor:
    """A simulated browser that stores cookies and submits forms."""

    def __init__(self, stack):
        self.stack = stack
        self.cookies = {}

    def send(self, method, url, fields=None):
        headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self.stack.send(method, url, fields, headers)
        for cookie in answer.cookies:
            name, value = cookie.split(";")[0].split("=", 1)
            if "max-age=0" in cookie.lower():
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return answer

    def follow(self, answer):
        while answer.status == 303 and answer.location.startswith(self.stack.outputs["PublicUrl"]):
            answer = self.send("GET", answer.location)
        return answer

    def authorize(self, client_id, pkce, **more):
        fields = authorization_request(client_id, pkce, **more)
        query = "&".join(f"{quote(name, '')}={quote(value, '')}" for name, value in fields.items())
        return self.follow(self.send("GET", f"{self.stack.issuer}/oauth2/authorize?{query}"))

    def submit(self, page, **fields):
        form = Form(page.text)
        return self.follow(self.send("POST", form.action, [*form.hidden, *fields.items()]))

    def code(self, client_id, pkce, **more):
        """Logs in and consents if necessary, and returns the code."""
        answer = self.authorize(client_id, pkce, **more)
        if 'name="password"' in answer.text:
            answer = self.submit(answer, username="alice", password="alice")
        if 'name="decision"' in answer.text:
            answer = self.submit(answer, decision="allow")
        assert answer.status == 303 and answer.location.startswith(REDIRECT_URI + "?code="), answer
        assert answer.parameter("state") == "state-1" and answer.parameter("iss") == self.stack.issuer, answer
        return answer.parameter("code")


class Pkce:
    """A code verifier and its challenge (RFC 7636)."""

    def __init__(self):
        self.verifier = secrets.token_urlsafe(48)
        self.challenge = b64url(hashlib.sha256(self.verifier.encode()).digest())


def exchange(client_id, code, pkce):
    return {
        "grant_type": "authorization_code", "client_id": client_id, "code": code, "redirect_uri": REDIRECT_URI,
        "code_verifier": pkce.verifier,
    }


def verified(token, keys):
    """Verifies `token` with `keys` and returns its header and claims."""
    head, claims, signature = token.split(".")
    header = json.loads(unb64url(head))
    [key] = [key for key in keys if key["kid"] == header["kid"]]
    assert key["alg"] == header["alg"], (key, header)
    message, signature = f"{head}.{claims}".encode(), unb64url(signature)
    number = lambda name: int.from_bytes(unb64url(key[name]), "big")
    if key["kty"] == "RSA":
        public = rsa.RSAPublicNumbers(number("e"), number("n")).public_key()
        pss = padding.PSS(padding.MGF1(SHA256()), 32)
        public.verify(signature, message, pss if key["alg"] == "PS256" else padding.PKCS1v15(), SHA256())
    else:
        public = ec.EllipticCurvePublicNumbers(number("x"), number("y"), ec.SECP256R1()).public_key()
        half = len(signature) // 2
        r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
        public.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
    return header, json.loads(unb64url(claims))
