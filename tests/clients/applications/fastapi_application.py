"""FastAPI with Authlib."""

import os

from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import OAuth
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, RedirectResponse
from starlette.middleware.sessions import SessionMiddleware

app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key="only for a test")

postern = OAuth().register(
    "postern",
    server_metadata_url=f"{os.environ['ISSUER']}/.well-known/openid-configuration",
    client_id="fastapi",
    client_secret=os.environ["CLIENT_SECRET"],
    client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
)


@app.get("/")
def home(request: Request):
    user = request.session.get("user")
    return PlainTextResponse(f"Hello, {user['name']}." if user else "Nobody is logged in.")


@app.get("/login")
async def login(request: Request):
    return await postern.authorize_redirect(request, str(request.url_for("callback")))


@app.get("/callback")
async def callback(request: Request):
    try:
        token = await postern.authorize_access_token(request)
    except OAuthError as error:
        return PlainTextResponse(f"Failed: {error.description}", status_code=401)
    request.session["user"] = dict(await postern.userinfo(token=token))
    return RedirectResponse("/")
