"""An application on Flask whose users log in with Postern."""

import os
import secrets
from urllib.parse import urlencode

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, render_template, session, url_for

ISSUER = os.environ.get("ISSUER", "http://localhost:9000/default/web-python")

app = Flask(__name__)
# With a random key, a restart logs everybody out.
app.secret_key = os.environ.get("SESSION_SECRET", secrets.token_hex())
app.config.update(SESSION_COOKIE_SAMESITE="Lax")

postern = OAuth(app).register(
    "postern",
    # All endpoints are discovered from here.
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_id="web-python",
    client_secret=os.environ.get("CLIENT_SECRET", "web-python-example-secret"),
    client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
)


@app.get("/")
def home():
    return render_template("home.html", user=session.get("user"))


@app.get("/login")
def login():
    return postern.authorize_redirect(url_for("callback", _external=True))


@app.get("/callback")
def callback():
    # Redeems the code and checks state, nonce and the ID token.
    token = postern.authorize_access_token()
    # Name and address are at the userinfo endpoint, and not in the ID token.
    session["user"] = dict(postern.userinfo(token=token))
    session["id_token"] = token["id_token"]
    return redirect(url_for("home"))


@app.get("/logout")
def logout():
    """Ends the session here, and then at Postern."""
    hint = session.get("id_token")
    session.clear()
    query = {"post_logout_redirect_uri": url_for("home", _external=True), "client_id": postern.client_id}
    if hint:
        query["id_token_hint"] = hint
    return redirect(f"{postern.load_server_metadata()['end_session_endpoint']}?{urlencode(query)}")


@app.errorhandler(OAuthError)
def refused(error):
    return render_template("home.html", problem=error.description or error.error), 400
