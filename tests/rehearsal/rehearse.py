"""Deploys Postern to MiniStack in two regions and uses it like users, clients and operators do.

usage: EMULATOR_PYTHON=PYTHON rehearse.py WORK BINARIES POSTERN     (tests/rehearsal/run prepares all of it)
"""

import concurrent.futures
import copy
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import boto3
import botocore.exceptions
from samcli.yamlhelper import yaml_parse

import derive
import loopback
from flow import REDIRECT_URI, Pkce, Stack, Visitor, authorization_request, exchange, verified

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
CONTRACT = json.loads((REPOSITORY / "infra/contract.json").read_text())
FUNCTIONS = list(CONTRACT["functions"])
REGIONS = {"eu-west-1": "eu", "us-east-1": "us"}
WORKSPACE = "default/demo"
NATIVE, TRUSTED, TOLD, PAIRWISE = "demo-native", "demo-trusted", "told", "pairwise"
GOODBYE = "https://app.example/bye"
CALLBACK = "https://app.example/callback"
ACCOUNT = "000000000000"
# The role that runs `postern`. The root user is unsuitable, because MiniStack exempts it from every policy.
ADMINISTRATOR = f"arn:aws:iam::{ACCOUNT}:role/administrator"
STRANGER = f"arn:aws:iam::{ACCOUNT}:role/stranger"
ADMINISTRATION = [
    "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem", "kms:GetPublicKey", "kms:Decrypt",
    "kms:GenerateDataKeyWithoutPlaintext", "kms:GenerateDataKeyPairWithoutPlaintext",
]
NO_ROUTE = '{"message":"Not Found"}'


class Rehearsal:
    """The emulator and the stacks deployed to it."""

    def __init__(self, work, artifacts, postern):
        self.work, self.artifacts, self.postern = pathlib.Path(work), pathlib.Path(artifacts), postern
        self.work.mkdir(parents=True, exist_ok=True)
        self.began = time.monotonic()
        self.checks = 0
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ, "AWS_ENDPOINT_URL": self.endpoint, "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test", "SAM_CLI_TELEMETRY": "0", "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_EC2_METADATA_DISABLED": "true",
        }
        self.emulator = None

    def say(self, text):
        print(f"[{time.monotonic() - self.began:6.1f} s] {text}", flush=True)

    def check(self, holds, what, found=None):
        if not holds:
            raise AssertionError(f"{what}: {found!r}")
        self.checks += 1
        self.say(f"  ok: {what}")

    def client(self, service, region):
        return boto3.client(
            service, region_name=region, endpoint_url=self.endpoint, aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def session(self, role, region):
        """Returns credentials of a role."""
        given = self.client("sts", region).assume_role(RoleArn=role, RoleSessionName="rehearsal")["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
        }

    def acting(self, role, service, region):
        """Returns an AWS client with the credentials of a role."""
        given = {name.lower(): value for name, value in self.session(role, region).items()}
        return boto3.client(service, region_name=region, endpoint_url=self.endpoint, **given)

    def role(self, name, *actions):
        """Creates a role that may perform these actions on every resource."""
        iam = self.client("iam", "eu-west-1")
        trust, rights = (
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **part}]} for part in (
                {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"},
                {"Action": actions, "Resource": "*"},
            )
        )
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=json.dumps(rights))
        return made

    def start(self):
        # The emulator unpacks every version of every function, about 800 MB, and never deletes them.
        self.unpacked = self.work / "unpacked"
        shutil.rmtree(self.unpacked, ignore_errors=True)
        self.unpacked.mkdir()
        # Without IOT_MTLS_ENABLED=0 it would listen on all addresses. AUTH makes it enforce the functions' roles.
        environment = {
            **self.environment, "TMPDIR": str(self.unpacked), "BIND_HOST": "127.0.0.1", "SFTP_HOST": "127.0.0.1", "IOT_MTLS_ENABLED": "0",
            "GATEWAY_PORT": str(self.port), "AUTH": "true",
        }
        log = open(self.work / "ministack.log", "w")
        command = [os.environ["EMULATOR_PYTHON"], REPOSITORY / "tests/rehearsal/emulator.py"]
        self.emulator = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        for _ in range(150):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except OSError:
                if self.emulator.poll() is not None:
                    raise AssertionError("MiniStack exited") from None
                time.sleep(0.2)
        else:
            raise AssertionError("MiniStack does not listen")
        self.say(f"MiniStack listens on {self.endpoint}")

    def reachable(self):
        """Checks that the emulator is not reachable from other machines."""
        found = list(loopback.listening(self.emulator.pid))
        self.check(found and all(own for _, own in found), "the emulator listens on loopback only", found)

    def function_lines(self):
        """Yields the last log lines of every function from CloudWatch Logs."""
        for region in REGIONS:
            logs = self.client("logs", region)
            for group in logs.describe_log_groups()["logGroups"]:
                events = logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
                lines = [event["message"].strip() for event in events]
                for line in [line for line in lines if line.startswith("{")][-6:]:
                    yield f"{group['logGroupName']}: {line[:600]}"

    def stop(self):
        if self.emulator:
            os.killpg(self.emulator.pid, signal.SIGTERM)
            try:
                self.emulator.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.emulator.pid, signal.SIGKILL)
            shutil.rmtree(self.unpacked, ignore_errors=True)

    def run(self, command, **environment):
        done = subprocess.run(
            [str(part) for part in command], env={**self.environment, **environment}, capture_output=True, text=True
        )
        if done.returncode:
            raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        return done.stdout

    def artifact(self, name):
        folder = self.work / "artifacts" / name
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy2(self.artifacts / name, folder / "bootstrap")
        return folder

    def workspace(self):
        """Writes the demo workspace with two more clients: one with an unreachable back-channel logout URI, one with pairwise
        subjects."""
        path = self.work / "demo.toml"
        told = f"""
[[clients]]
client_id = "{TOLD}"
client_name = "Told"
application_type = "native"
token_endpoint_auth_method = "none"
trusted = true
redirect_uris = ["http://127.0.0.1/callback"]
post_logout_redirect_uris = ["{GOODBYE}"]
backchannel_logout_uri = "https://app.example/backchannel-logout"
scope = "openid profile"

[[clients]]
client_id = "{PAIRWISE}"
client_name = "Pairwise"
token_endpoint_auth_method = "none"
trusted = true
subject_type = "pairwise"
redirect_uris = ["{CALLBACK}"]
scope = "openid"
"""
        path.write_text((REPOSITORY / "infra/cli/demo/workspaces/demo.toml").read_text() + told)
        return path

    def derived(self, template, path, rules=derive.for_ministack):
        """Writes the template reduced for MiniStack to `path`."""
        template, left_out = rules(template)
        for line in left_out:
            self.say(f"  left out: {line}")
        path.write_text(json.dumps(template, indent=1))
        return path

    def sam_template(self):
        template = yaml_parse((REPOSITORY / "infra/sam/template.yaml").read_text())
        del template["Globals"]["Function"]["CodeUri"]
        for name in FUNCTIONS:
            function = template["Resources"][f"{name.capitalize()}Function"]
            # Built already; `sam build` is checked elsewhere.
            del function["Metadata"]
            function["Properties"]["CodeUri"] = str(self.artifact(name))
        return self.derived(template, self.work / "template.json")

    def sam_deploy(self, template, region, label, **parameters):
        parameters = {
            "RegionLabel": label, "Architecture": "x86_64", "AdministratorArn": ADMINISTRATOR, **parameters,
        }
        self.run([
            pathlib.Path(sys.executable).parent / "sam", "deploy", "--template", template, "--stack-name",
            f"postern-{label}", "--region", region, "--resolve-s3", "--capabilities", "CAPABILITY_IAM",
            "--no-confirm-changeset", "--no-fail-on-empty-changeset", "--parameter-overrides",
            *(f"{name}={value}" for name, value in parameters.items()),
        ])
        return Deployed(self, region, f"postern-{label}")

    def cdk_deploy(self, region, label, **parameters):
        """Synthesizes the stack, reduces it for MiniStack, and deploys it with the real CDK CLI."""
        parameters = {"Architecture": "x86_64", "AdministratorArn": ADMINISTRATOR, **parameters}
        cdk, out = REPOSITORY / "infra/cdk", self.work / "cdk.out"
        shutil.rmtree(out, ignore_errors=True)
        account = {"CDK_DEFAULT_ACCOUNT": ACCOUNT, "AWS_REGION": region, "CDK_DISABLE_CLI_TELEMETRY": "1"}
        tool = [cdk / "node_modules/.bin/cdk", "--no-version-check", "--no-notices"]
        self.run([cdk / "node_modules/.bin/tsc", "--project", cdk])
        self.run(
            ["node", cdk / "dist/bin/postern.js"], CDK_OUTDIR=str(out), **account,
            CDK_CONTEXT_JSON=json.dumps({
                "label": label, "artifacts": str(self.work / "artifacts"), "regions": {label: {"region": region}},
            }),
        )
        path = out / f"postern-{label}.template.json"
        self.derived(json.loads(path.read_text()), path)
        for line in derive.for_own_credentials(out, f"postern-{label}"):
            self.say(f"  left out: {line}")
        self.run([*tool, "bootstrap", f"aws://{ACCOUNT}/{region}", "--app", out], **account)
        self.run([
            *tool, "deploy", "--app", out, "--require-approval", "never", "--method", "direct",
            *(part for name, value in parameters.items() for part in ("--parameters", f"{name}={value}")),
            f"postern-{label}",
        ], **account)
        return Deployed(self, region, f"postern-{label}")


class Deployed:
    """A stack in a region."""

    def __init__(self, rehearsal, region, name):
        self.rehearsal, self.region, self.name = rehearsal, region, name
        described = rehearsal.client("cloudformation", region).describe_stacks(StackName=name)["Stacks"][0]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
        self.stack = Stack(rehearsal.port, self.outputs)
        self.administration = {
            **dict(pair.split("=", 1) for pair in self.outputs["AdminEnvironment"].split()),
            **rehearsal.session(ADMINISTRATOR, region),
        }

    def postern(self, *arguments):
        return self.rehearsal.run([self.rehearsal.postern, *arguments], **self.administration)

    def keys(self, *arguments):
        return json.loads(self.postern("keys", *arguments, "--workspace", WORKSPACE, "--json"))["keys"]

    def sealing(self, *arguments):
        described = json.loads(self.postern("sealing", *arguments, "--json"))["versions"]
        return {(version["purpose"], version["version"]): version["role"] for version in described}

    def published(self):
        """Publishes a version of every function and returns the parameters for canary.yaml."""
        functions = self.rehearsal.client("lambda", self.region)
        versions = {}
        for name in FUNCTIONS:
            version = functions.publish_version(FunctionName=f"{self.name}-{name}")["Version"]
            versions[f"{name.capitalize()}Version"] = version
        return versions

    def fresh_functions(self):
        """Replaces the execution environments, as a deployment does, which also clears their 30-second caches."""
        functions = self.rehearsal.client("lambda", self.region)
        for name in FUNCTIONS:
            found = functions.get_function_configuration(FunctionName=f"{self.name}-{name}")
            variables = {**found["Environment"]["Variables"], "FRESH": str(time.monotonic_ns())}
            function = f"{self.name}-{name}"
            functions.update_function_configuration(FunctionName=function, Environment={"Variables": variables})


def wired(rehearsal, deployed):
    """Returns the function behind each route of the deployed API, by route key."""
    gateway, api = rehearsal.client("apigatewayv2", deployed.region), deployed.outputs["ApiId"]
    uris = {item["IntegrationId"]: item["IntegrationUri"] for item in gateway.get_integrations(ApiId=api)["Items"]}
    behind = {}
    for route in gateway.get_routes(ApiId=api)["Items"]:
        uri = uris[route["Target"].removeprefix("integrations/")]
        behind[route["RouteKey"]] = uri.split(f":function:{deployed.name}-")[1].split("/")[0]
    return behind


def domain(rehearsal, region, name):
    """Returns the parameters for a custom domain: a certificate, and the hosted zone for its record."""
    certificate = rehearsal.client("acm", region).request_certificate(DomainName=name, ValidationMethod="DNS")
    zone = rehearsal.client("route53", region).create_hosted_zone(
        Name=name.split(".", 1)[1], CallerReference=str(time.monotonic_ns())
    )
    return {
        "DomainName": name, "CertificateArn": certificate["CertificateArn"],
        "HostedZoneId": zone["HostedZone"]["Id"].split("/")[-1],
    }


def named(rehearsal, deployed, parameters):
    """Checks that the stack has a custom domain with a DNS record, and that the API's default endpoint is disabled."""
    check, stack = rehearsal.check, deployed.stack
    check(stack.issuer == f"https://{parameters['DomainName']}/{WORKSPACE}", "the domain is in the issuer", stack.issuer)
    records = rehearsal.client("route53", deployed.region).list_resource_record_sets(
        HostedZoneId=parameters["HostedZoneId"])["ResourceRecordSets"]
    targets = {record["AliasTarget"]["DNSName"].rstrip(".") for record in records
               if "AliasTarget" in record and record["Name"].rstrip(".") == parameters["DomainName"]}
    check(targets == {stack.outputs["RegionalDomainName"]}, "DNS points to it", records)
    api = rehearsal.client("apigatewayv2", deployed.region).get_api(ApiId=stack.outputs["ApiId"])
    check(api["DisableExecuteApiEndpoint"] is True, "the API's default endpoint is disabled", api)
    rehearsal.say("  left out: the disabled endpoint's refusal and route throttling: MiniStack does not enforce them")


def counted(rehearsal, deployed, metric):
    """Counts the lines that match a metric filter: MiniStack stores filters without applying them."""
    logs, group = rehearsal.client("logs", deployed.region), f"/aws/lambda/{deployed.name}-token"
    filters = logs.describe_metric_filters(logGroupName=group)["metricFilters"]
    [pattern] = [found["filterPattern"] for found in filters
                 if found["metricTransformations"][0]["metricName"] == metric]
    member, sentence = re.fullmatch(r'\{ \$\.(\w+) = "(.+)" \}', pattern).groups()
    events = logs.filter_log_events(logGroupName=group)["events"]
    lines = [json.loads(event["message"]) for event in events if event["message"].startswith("{")]
    return sum(line.get(member) == sentence for line in lines)


def routed(rehearsal, deployed):
    """Checks that every route of the contract leads to a function that handles it, and that other paths lead to none."""
    check, stack = rehearsal.check, deployed.stack
    contract = {f"{route['method']} {route['path']}": route["function"] for route in CONTRACT["routes"]}
    found = wired(rehearsal, deployed)
    check(found == contract, f"the gateway has the {len(contract)} routes of the contract", found)
    tenant, workspace = WORKSPACE.split("/")
    answers = {}
    for key in contract:
        method, path = key.split(" ")
        if "{tenant}" in path:
            path = path.format(tenant=tenant, workspace=workspace, idp="nobody")
            answers[key] = stack.send(method, f"{stack.outputs['PublicUrl']}{path}")
    preflights = [answers.pop(key) for key in list(answers) if key.startswith("OPTIONS ")]
    lost = unhandled(answers)
    check(not lost, f"{len(answers)} of them reach functions that handle them", lost)
    # AWS forwards OPTIONS to the route if the API has no CORS configuration. tests/attack/cors.rs tests preflights.
    if not all("CORS not configured" in answer.text for answer in preflights):
        raise AssertionError(f"MiniStack forwards preflights now: check their responses: {preflights}")
    rehearsal.say(f"  left out: preflights ({len(preflights)}): MiniStack answers them itself")
    answer = stack.send("GET", f"{stack.issuer}/nowhere")
    check((answer.status, answer.text) == (404, NO_ROUTE), "an unknown route is the gateway's 404", answer)


def unhandled(answers):
    """Returns the answers of nobody, or of a function that does not know the route. The demo has no mail and so no recovery."""
    return {key: answer for key, answer in answers.items()
            if answer.status >= 500 or answer.status == 404 and not key.endswith("/login/recovery")}


def at_domain(rehearsal, deployed):
    """Serves a workspace at a domain of its own (docs/operating.md, "A domain for one workspace")."""
    check, stack, name = rehearsal.check, deployed.stack, "login.example.org"
    body = (REPOSITORY / "infra/sam/workspace-domain.yaml").read_text()
    parameters = {"ApiId": stack.outputs["ApiId"], **domain(rehearsal, deployed.region, name)}
    formed(rehearsal, deployed, f"{deployed.name}-login", body, parameters)
    path = rehearsal.work / "own.toml"
    demo = (REPOSITORY / "infra/cli/demo/workspaces/demo.toml").read_text()
    path.write_text(demo.replace('workspace = "demo"', f'workspace = "own"\ndomain = "{name}"', 1))
    deployed.postern("apply", path)
    rehearsal.say("  left out: the gateway at the domain: MiniStack names another host in every event. The functions get events of AWS")
    functions, answers = rehearsal.client("lambda", deployed.region), {}
    for route in CONTRACT["routes"]:
        method, path = route["method"], route["path"].replace("{idp}", "nobody")
        if "{tenant}" in path or method == "OPTIONS":
            continue
        event = {
            "version": "2.0", "routeKey": f"{method} {route['path']}", "rawPath": path, "rawQueryString": "", "headers": {},
            "requestContext": {"domainName": name, "requestId": "r", "stage": "$default",
                               "http": {"method": method, "path": path, "sourceIp": "192.0.2.1"}},
            "isBase64Encoded": False,
        }
        answer = functions.invoke(FunctionName=f"{deployed.name}-{route['function']}", Payload=json.dumps(event))
        answers[f"{method} {path}"] = json.load(answer["Payload"])
    lost = {key: answer for key, answer in answers.items()
            if answer.get("statusCode", 500) >= 500 or answer["statusCode"] == 404 and not key.endswith("/login/recovery")}
    check(not lost, f"a workspace is served at its domain, by {len(answers)} routes", lost)
    document = json.loads(answers["GET /.well-known/openid-configuration"]["body"])
    check(document["issuer"] == f"https://{name}", "which is its issuer", document)
    document = stack.send("GET", f"{stack.outputs['PublicUrl']}/default/own/.well-known/openid-configuration")
    check(document.status == 404, "its path on the server's own host leads nowhere", document)


def log_in(rehearsal, deployed):
    """Runs a first login with consent, and everything that a client does afterwards."""
    check, stack = rehearsal.check, deployed.stack
    document = stack.send("GET", f"{stack.issuer}/.well-known/openid-configuration").json
    check(document["issuer"] == stack.issuer, "discovery names the issuer", document)
    pkce, visitor = Pkce(), Visitor(stack)
    code = visitor.code(NATIVE, pkce)
    check(code.startswith(deployed.administration["REGION_LABEL"] + "."), "the code names its region", code)
    answer = stack.token(exchange(NATIVE, code, pkce))
    check(answer.status == 200 and answer.headers["cache-control"] == "no-store", "the code is exchanged for tokens", answer)
    tokens, keys = answer.json, stack.jwks()
    header, claims = verified(tokens["access_token"], keys)
    check(header["kid"] == keys[0]["kid"] and claims["iss"] == stack.issuer, "KMS signed the access token", header)
    _, claims = verified(tokens["id_token"], keys)
    check(claims["nonce"] == "nonce-1" and claims["aud"] == NATIVE, "KMS signed the ID token", claims)
    answer = stack.userinfo(tokens["access_token"])
    check(answer.status == 200 and answer.json["sub"] == claims["sub"], "userinfo describes the user", answer)
    fields = {"token": tokens["access_token"], "client_id": NATIVE}
    check(stack.send("POST", f"{stack.issuer}/oauth2/revoke", fields).status == 200, "the token is revoked")
    check(stack.userinfo(tokens["access_token"]).status == 401, "and no longer accepted")
    return visitor


def refusals(rehearsal, deployed, visitor):
    check, stack = rehearsal.check, deployed.stack
    pkce = Pkce()
    code = visitor.code(TRUSTED, pkce)
    fields = exchange(TRUSTED, code, pkce)
    answer = stack.token({**fields, "code_verifier": Pkce().verifier})
    check((answer.status, answer.json["error"]) == (400, "invalid_grant"), "a wrong verifier is refused", answer)
    answer = stack.token({**fields, "redirect_uri": "http://127.0.0.1:51005/other"})
    check((answer.status, answer.json["error"]) == (400, "invalid_grant"), "another redirect URI is refused", answer)
    answer = stack.token({**fields, "client_id": "nobody"})
    check((answer.status, answer.json["error"]) == (401, "invalid_client"), "an unknown client is refused", answer)
    answer = stack.token({"code": code})
    check((answer.status, answer.json["error"]) == (400, "invalid_request"), "an incomplete request is refused", answer)
    answer = stack.token(fields)
    check(answer.status == 200, "the code is still valid after that", answer)
    time.sleep(0.6)
    replayed = stack.token(fields)
    check((replayed.status, replayed.json["error"]) == (400, "invalid_grant"), "the code cannot be used twice", replayed)
    check(stack.userinfo(answer.json["access_token"]).status == 401, "and the replay has revoked its grant")
    found = counted(rehearsal, deployed, "CodesReplayed")
    check(found == 1, "and is counted by the replay alarm", found)
    page = visitor.authorize(TRUSTED, pkce, redirect_uri="https://evil.example/callback")
    check(page.status == 400 and not page.location, "an unregistered redirect URI gets a page", page)


def pushed(rehearsal, deployed, visitor):
    """A pushed authorization request leads to a code in the first browser that brings its reference."""
    check, stack, pkce = rehearsal.check, deployed.stack, Pkce()
    push = lambda: stack.send("POST", f"{stack.issuer}/par", authorization_request(TRUSTED, pkce))
    answer = push()
    check(answer.status == 201 and answer.json["expires_in"] == 60, "a request is pushed", answer)
    bring = lambda visitor, uri: visitor.follow(visitor.send(
        "GET", f"{stack.issuer}/oauth2/authorize?client_id={TRUSTED}&request_uri={uri}"))
    found = bring(visitor, answer.json["request_uri"])
    code = found.parameter("code")
    check(stack.token(exchange(TRUSTED, code, pkce)).status == 200, "and its code is exchanged for tokens", found)
    again = bring(visitor, answer.json["request_uri"])
    check(again.status == 400, "which happens once", again)
    uri = push().json["request_uri"]
    check('name="password"' in bring(Visitor(stack), uri).text, "a reference leads to the login page")
    check(bring(Visitor(stack), uri).status == 400, "in one browser")


DEVICE = "demo-device"


def device(rehearsal, deployed):
    """A device gets tokens after its user has entered its code, logged in and allowed it (RFC 8628)."""
    check, stack = rehearsal.check, deployed.stack
    ask = lambda: stack.send("POST", f"{stack.issuer}/device/authorization", {"client_id": DEVICE, "scope": "openid profile"})
    poll = lambda codes: stack.token({
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": DEVICE, "device_code": codes["device_code"],
    })
    answer = ask()
    check(answer.status == 200 and answer.json["interval"] == 5, "a device gets its codes", answer)
    codes, visitor = answer.json, Visitor(stack)
    waiting = poll(codes)
    check(waiting.json["error"] == "authorization_pending", "its first poll is told to wait", waiting)
    hurried = poll(codes)
    check(hurried.json["error"] == "slow_down", "and one right after it to slow down", hurried)
    enter = lambda code: visitor.submit(visitor.send("GET", codes["verification_uri"]), user_code=code)
    page = visitor.submit(enter(codes["user_code"]), username="alice", password="alice")
    check(codes["user_code"] in page.text and 'name="decision"' in page.text, "its user is asked after the login", page)
    page = visitor.submit(page, decision="allow")
    check("Your device is connected" in page.text, "and allows it", page)
    answer = poll(codes)
    check(answer.status == 200, "the next poll gets tokens", answer)
    _, claims = verified(answer.json["id_token"], stack.jwks())
    check(claims["aud"] == DEVICE, "which are for the device", claims)
    check(stack.userinfo(answer.json["access_token"]).json["sub"] == claims["sub"], "of its user")
    again = poll(codes)
    check(again.json["error"] == "invalid_grant", "a device code is used once", again)
    denied = ask().json
    page = visitor.submit(enter(denied["user_code"]), decision="deny")
    check("Denied" in page.text and poll(denied).json["error"] == "access_denied", "a device that is denied gets nothing", page)


def parallel(rehearsal, deployed, visitor):
    pkce = Pkce()
    fields = exchange(TRUSTED, visitor.code(TRUSTED, pkce), pkce)
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: deployed.stack.token(fields), range(50)))
    statuses = sorted(answer.status for answer in answers)
    rehearsal.check(statuses.count(200) == 1, "one of 50 parallel redemptions gets tokens", statuses)
    others = [answer for answer in answers if answer.status != 200]
    refused = all(answer.status == 400 and answer.json["error"] == "invalid_grant" for answer in others)
    rehearsal.check(refused, "and 49 are invalid_grant", statuses)
    # A request more than half a second after the first was a replay and revoked the grant. Item and userinfo must
    # agree.
    [won] = [answer.json for answer in answers if answer.status == 200]
    grant = f"grant#{WORKSPACE}#{fields['code'].split('.')[1]}"
    found = rehearsal.client("dynamodb", deployed.region).get_item(
        TableName=deployed.outputs["FlowTableName"], Key={"pk": {"S": grant}}, ConsistentRead=True
    )
    item, status = found.get("Item", {}), deployed.stack.userinfo(won["access_token"]).status
    agreed = "redeemed" in item and status == (401 if "revoked" in item else 200)
    rehearsal.check(agreed, "the grant is redeemed once", (status, sorted(item)))


SERVICE = "demo-service:demo-service-secret"


def life(rehearsal, deployed, visitor):
    """The token lifecycle: refresh, introspection, reuse, revocation, and client credentials."""
    check, stack, pkce = rehearsal.check, deployed.stack, Pkce()
    code = visitor.code(TRUSTED, pkce, scope="openid offline_access")
    tokens = stack.token(exchange(TRUSTED, code, pkce)).json
    refreshing = lambda token: {"grant_type": "refresh_token", "client_id": TRUSTED, "refresh_token": token}
    first = tokens["refresh_token"]

    def refreshed(_):
        # The emulator may be too slow for so many requests at once. A client that gets a 503 retries and loses nothing.
        for _ in range(4):
            answer = stack.token(refreshing(first))
            if answer.status != 503:
                break
        return answer

    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(refreshed, range(50)))
    successors = {answer.json.get("refresh_token") for answer in answers}
    statuses = sorted(answer.status for answer in answers)
    check(statuses == [200] * 50 and len(successors) == 1, "50 parallel refreshes have one successor", statuses)
    [second] = successors
    third = stack.token(refreshing(second)).json["refresh_token"]
    said = stack.introspect(tokens["access_token"], SERVICE)
    check(said.json["active"] is True and said.json["client_id"] == TRUSTED, "introspection reports the token", said)
    signed = stack.introspect(third, SERVICE, "application/token-introspection+jwt")
    header, claims = verified(signed.text, stack.jwks())
    good = header["typ"] == "token-introspection+jwt" and claims["token_introspection"]["active"] is True
    check(good and claims["aud"] == "demo-service", "and KMS signs the response on request", claims)
    reused = stack.token(refreshing(first))
    check((reused.status, reused.json["error"]) == (400, "invalid_grant"), "an old refresh token is refused", reused)
    ended = stack.token(refreshing(third)).status, stack.introspect(tokens["access_token"], SERVICE).json
    check(ended == (400, {"active": False}), "and has revoked its grant", ended)
    found = counted(rehearsal, deployed, "RefreshTokensReused")
    check(found == 1, "and is counted by the reuse alarm", found)
    own = stack.token({"grant_type": "client_credentials", "scope": "offers.read"}, SERVICE)
    _, claims = verified(own.json["access_token"], stack.jwks())
    check(claims["sub"] == "demo-service" and "refresh_token" not in own.json, "a service gets a client credentials token", own)


def regions(rehearsal, here, there, visitor):
    pkce = Pkce()
    code = visitor.code(TRUSTED, pkce)
    answer = there.stack.token(exchange(TRUSTED, code, pkce))
    label = here.administration["REGION_LABEL"]
    said = answer.json.get("error_description", "")
    refused = (answer.status, answer.json["error"]) == (400, "invalid_grant") and label in said
    rehearsal.check(refused, f"{there.region} refuses a code of {here.region} and names the region: {said}", answer)
    answer = here.stack.token(exchange(TRUSTED, code, pkce))
    rehearsal.check(answer.status == 200, f"{here.region} redeems it", answer)


def resolved(node, values):
    """Resolves the intrinsic functions that occur in a key policy, as CloudFormation would."""
    if isinstance(node, list):
        return [resolved(part, values) for part in node]
    if not isinstance(node, dict):
        return node
    if "Ref" in node:
        return values[node["Ref"]]
    if "Fn::Sub" in node:
        return re.sub(r"\$\{([^}]+)\}", lambda name: values[name[1]], node["Fn::Sub"])
    if "Fn::Split" in node:
        separator, text = node["Fn::Split"]
        return resolved(text, values).split(separator)
    return {name: resolved(part, values) for name, part in node.items()}


def replicated(rehearsal, here, region):
    """Replicates the sealing key to another region with the default policy: MiniStack lacks AWS::KMS::ReplicaKey."""
    kms = rehearsal.client("kms", here.region)
    made = kms.replicate_key(KeyId=here.outputs["SealingKeyArn"], ReplicaRegion=region)["ReplicaKeyMetadata"]
    rehearsal.check(made["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA", "the key has a replica", made)
    return made["Arn"]


def confine_replica(rehearsal, there):
    """Gives the replica the policy of infra/sam/sealing-key-replica.yaml."""
    template = yaml_parse((REPOSITORY / "infra/sam/sealing-key-replica.yaml").read_text())
    policy = resolved(template["Resources"]["SealingKeyReplica"]["Properties"]["KeyPolicy"], {
        "SealingRoleArns": there.outputs["SealingRoleArns"], "AdministratorArn": ADMINISTRATOR,
        "AWS::Partition": "aws", "AWS::AccountId": ACCOUNT,
    })
    rehearsal.client("kms", there.region).put_key_policy(
        KeyId=there.outputs["SealingKeyArn"], PolicyName="default", Policy=json.dumps(policy)
    )


def share_subjects(rehearsal, here, there):
    """Copies the data key for pairwise subjects (docs/regions.md) before anything is applied in the other region."""
    key = {"pk": {"S": "sealing-key#-#pairwise-subject"}, "sk": {"S": "-"}}
    found = rehearsal.client("dynamodb", here.region).get_item(TableName=here.outputs["ConfigTableName"], Key=key)["Item"]
    rehearsal.client("dynamodb", there.region).put_item(
        TableName=there.outputs["ConfigTableName"], Item=found, ConditionExpression="attribute_not_exists(pk)"
    )


def subjects(deployed):
    """Returns the `sub` of the same user at a pairwise client and at a public-subject client."""
    visitor, told = Visitor(deployed.stack), []
    for client_id, redirect_uri in ((PAIRWISE, CALLBACK), (TRUSTED, REDIRECT_URI)):
        pkce = Pkce()
        answer = visitor.authorize(client_id, pkce, scope="openid", redirect_uri=redirect_uri)
        if 'name="password"' in answer.text:
            answer = visitor.submit(answer, username="alice", password="alice")
        fields = exchange(client_id, answer.parameter("code"), pkce)
        tokens = deployed.stack.token({**fields, "redirect_uri": redirect_uri})
        told.append(verified(tokens.json["id_token"], deployed.stack.jwks())[1]["sub"])
    return told


def same_subjects(rehearsal, here, there):
    found, elsewhere = subjects(here), subjects(there)
    rehearsal.check(found[0] != found[1], "a pairwise client gets a different subject", found)
    rehearsal.check(found == elsewhere, f"{there.region} issues the same subjects as {here.region}", elsewhere)


def signed_by(deployed, visitor):
    """Issues a token and returns its `kid`."""
    pkce = Pkce()
    answer = deployed.stack.token(exchange(TRUSTED, visitor.code(TRUSTED, pkce), pkce))
    assert answer.status == 200, answer
    return verified(answer.json["access_token"], deployed.stack.jwks())[0]["kid"], answer.json["access_token"]


def rotation(rehearsal, deployed, visitor):
    check, kms = rehearsal.check, rehearsal.client("kms", deployed.region)
    # The load of the parallel redemptions may have put a slow key into cooldown.
    deployed.fresh_functions()
    first, second = deployed.keys("list")
    check((first["role"], second["role"]) == ("current", "next"), "the ring has a current and a next key")
    kid, old_token = signed_by(deployed, visitor)
    check(kid == first["kid"], "the current key signs")
    kms.disable_key(KeyId=first["kms_key"])
    before = counted(rehearsal, deployed, "SigningTakeovers")
    kid, _ = signed_by(deployed, visitor)
    check(kid == second["kid"], "after it is disabled, the next key takes over within a request", kid)
    found = counted(rehearsal, deployed, "SigningTakeovers")
    check(found > before, "which is counted by the takeover alarm", (before, found))
    kms.enable_key(KeyId=first["kms_key"])
    deployed.fresh_functions()
    check(signed_by(deployed, visitor)[0] == first["kid"], "after it is enabled, the current key signs again")

    refused = subprocess.run(
        [rehearsal.postern, "keys", "rotate", "--workspace", WORKSPACE], capture_output=True, text=True,
        env={**rehearsal.environment, **deployed.administration},
    )
    check(refused.returncode == 1 and "published for long enough" in refused.stderr, "a premature rotation is refused")
    deployed.keys("rotate", "--now")
    deployed.fresh_functions()
    check(signed_by(deployed, visitor)[0] == second["kid"], "after the rotation, the next key signs")
    verified(old_token, deployed.stack.jwks())
    check(deployed.stack.userinfo(old_token).status == 200, "tokens of the retired key are still valid")

    deployed.keys("add", "--wrapped", "rs256")
    ring = deployed.keys("rotate", "--now")
    [wrapped] = [key for key in ring if key["location"] == "wrapped"]
    deployed.fresh_functions()
    check(signed_by(deployed, visitor)[0] == wrapped["kid"], "a wrapped key signs")

    deployed.keys("revoke", "--kid", first["kid"])
    deployed.fresh_functions()
    check(deployed.stack.userinfo(old_token).status == 401, "tokens of a revoked key are not")


def resealing(rehearsal, deployed):
    """Rotates the sealing data key during a login (docs/operating.md, "The key for sealing")."""
    check, name = rehearsal.check, "interaction"
    purposes = sorted({purpose for purpose, _ in deployed.sealing("list")})
    expected = ["client-secret", "interaction", "known-browser", "logout", "mail", "mail-proof", "pairwise-subject",
                "refresh-token", "upstream", "upstream-secret", "user-code"]
    check(purposes == expected, "there is a data key for each purpose", purposes)
    check(deployed.sealing("add", "--purpose", name) == {(name, 1): "current", (name, 2): "next"}, "another version is published")
    visitor, pkce = Visitor(deployed.stack), Pkce()
    page = visitor.authorize(TRUSTED, pkce)
    changed = deployed.sealing("rotate", "--now", "--purpose", name)
    check(changed == {(name, 1): "retired", (name, 2): "current"}, "and seals", changed)
    deployed.fresh_functions()
    answer = visitor.submit(page, username="alice", password="alice")
    check(answer.status == 303 and answer.parameter("code"), "a login in progress continues", answer)
    changed = deployed.sealing("remove", "--now", "--purpose", name)
    check(changed == {(name, 2): "current"}, "the former version is deleted", changed)
    deployed.fresh_functions()
    check(Visitor(deployed.stack).code(TRUSTED, Pkce()), "and users log in with the remaining version")


def upgrade(rehearsal, template, deployed, visitor):
    """Updates the stack in place, with another signing key from a separate stack (docs/operating.md, "Rotate")."""
    check = rehearsal.check
    parameters = {"KeySpec": "ECC_NIST_P256", "SigningRoleArns": deployed.outputs["SigningRoleArns"]}
    body = (REPOSITORY / "infra/sam/signing-key.yaml").read_text()
    [output] = formed(rehearsal, deployed, f"{deployed.name}-key", body, parameters)
    # As with a sealing key created by another release: it leaves the stack and stays in use.
    further = {
        "FurtherSigningKeyArns": output["OutputValue"], "MemorySize": "512",
        "ExistingSealingKeyArn": deployed.outputs["SealingKeyArn"],
    }
    label = deployed.administration["REGION_LABEL"]
    updated = rehearsal.sam_deploy(template, deployed.region, label, **further)
    found = rehearsal.client("lambda", deployed.region).get_function_configuration(FunctionName=f"{deployed.name}-token")
    check(found["MemorySize"] == 512, "the stack is updated in place", found["MemorySize"])
    kept = ("ApiId", "ConfigTableName", "UsersTableName", "FlowTableName", "SealingKeyArn", "FirstSigningKeyArn")
    changed = [name for name in kept if updated.outputs[name] != deployed.outputs[name]]
    check(not changed, "keeping its API, tables and keys", changed)
    left = rehearsal.client("cloudformation", deployed.region).describe_stack_resources(StackName=deployed.name)
    names = {found["LogicalResourceId"] for found in left["StackResources"]}
    check("FirstSigningKey" in names and "SealingKey" not in names, "the sealing key no longer belongs to the stack", names)
    _, old_token = signed_by(updated, visitor)
    check(updated.stack.userinfo(old_token).status == 200, "and its users stay logged in")

    arn = further["FurtherSigningKeyArns"]
    [added] = [key for key in updated.keys("add", "--kms-key", arn) if key.get("kms_key") == arn]
    check(added["role"] == "next", "another KMS key is published as the next one", added)
    updated.keys("rotate", "--now")
    updated.fresh_functions()
    kid, new_token = signed_by(updated, visitor)
    algorithm = verified(new_token, updated.stack.jwks())[0]["alg"]
    check((kid, algorithm) == (added["kid"], "ES256"), "after the rotation it signs, with ES256", (kid, algorithm))
    verified(old_token, updated.stack.jwks())
    check(updated.stack.userinfo(old_token).status == 200, "and tokens of the previous key are still valid")
    return updated, further


def beside(rehearsal, deployed):
    """A workspace that signs with ES256 has an RS256 key for the client that asks for RS256 (docs/operating.md, "Rotate")."""
    check, path = rehearsal.check, rehearsal.work / "beside.toml"
    demo = (REPOSITORY / "infra/cli/demo/workspaces/demo.toml").read_text()
    clients = "".join(f"""
[[clients]]
client_id = "{name}"
client_name = "{name}"
application_type = "native"
token_endpoint_auth_method = "none"
trusted = true
redirect_uris = ["http://127.0.0.1/callback"]
scope = "openid profile"
{asks}
""" for name, asks in (("plain", ""), ("asking", 'id_token_signed_response_alg = "RS256"')))
    head = 'tenant = "default"\nworkspace = "beside"\nsigning_algorithm = "ES256"\n'
    sandbox = demo[demo.index("[sandbox]"):demo.index("[[upstream]]")]
    path.write_text(f"""{head}name = "Beside"\ndefault_audience = "https://api.example"
scopes = [{{ name = "openid", title = "Know you" }}, {{ name = "profile", title = "Know your name" }}]
{sandbox}{clients}""")
    deployed.postern("apply", path)
    stack = deployed.stack.of_workspace("default/beside")
    document = stack.send("GET", f"{stack.issuer}/.well-known/openid-configuration").json
    found = document["id_token_signing_alg_values_supported"]
    check(sorted(found) == ["ES256", "RS256"], "a workspace with ES256 publishes RS256 as well", found)
    keys, visitor = stack.jwks(), Visitor(stack)
    found = [key["alg"] for key in keys]
    check(found[0] == "ES256" and set(found[1:]) == {"RS256"}, "and keys of both, its own first", found)
    for client, expected in ("plain", "ES256"), ("asking", "RS256"):
        pkce = Pkce()
        tokens = stack.token(exchange(client, visitor.code(client, pkce), pkce)).json
        header, claims = verified(tokens["id_token"], keys)
        check((header["alg"], claims["aud"]) == (expected, client), f"the ID token for {client} is signed with {expected}", header)
        header, claims = verified(tokens["access_token"], keys)
        check((header["alg"], claims["iss"]) == ("ES256", stack.issuer), "and its access token with ES256", header)


def formed(rehearsal, deployed, name, body, parameters):
    """Creates or updates an additional stack."""
    formation = rehearsal.client("cloudformation", deployed.region)
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    try:
        formation.describe_stacks(StackName=name)
        change, change_done = formation.update_stack, "stack_update_complete"
    except botocore.exceptions.ClientError:
        change, change_done = formation.create_stack, "stack_create_complete"
    change(StackName=name, TemplateBody=body, Parameters=parameters, Capabilities=["CAPABILITY_IAM"])
    formation.get_waiter(change_done).wait(StackName=name, WaiterConfig={"Delay": 1})
    return formation.describe_stacks(StackName=name)["Stacks"][0].get("Outputs", [])


def shifting(rehearsal, template, deployed, visitor, **parameters):
    """Routes requests to an alias that moves between versions (docs/operating.md, "Shift traffic gradually")."""
    check, functions = rehearsal.check, rehearsal.client("lambda", deployed.region)
    canary = yaml_parse((REPOSITORY / "infra/sam/canary.yaml").read_text())
    body = rehearsal.derived(canary, rehearsal.work / "canary.json", derive.shifting_for_ministack).read_text()
    name, label = f"{deployed.name}-canary", deployed.administration["REGION_LABEL"]
    good = {"ServerStack": deployed.name, **deployed.published()}
    formed(rehearsal, deployed, name, body, good)
    deployed = rehearsal.sam_deploy(template, deployed.region, label, TrafficAlias="live", **parameters)
    check(signed_by(deployed, visitor)[0], "requests go to the alias, and everything works as before")

    token = f"{deployed.name}-token"
    variables = functions.get_function_configuration(FunctionName=token)["Environment"]["Variables"]
    broken = {name: value for name, value in variables.items() if name != "CONFIG_TABLE"}
    functions.update_function_configuration(FunctionName=token, Environment={"Variables": broken})
    check(signed_by(deployed, visitor)[0], "a new deployment receives no traffic")
    formed(rehearsal, deployed, name, body, {**good, **deployed.published()})
    pkce = Pkce()
    fields = exchange(TRUSTED, visitor.code(TRUSTED, pkce), pkce)
    answer = deployed.stack.token(fields)
    check(answer.status >= 500, "until it is published and the alias is moved", answer)
    formed(rehearsal, deployed, name, body, good)
    answer = deployed.stack.token(fields)
    check(answer.status == 200, "after moving back, the previous version redeems the same code", answer)

    functions.update_function_configuration(FunctionName=token, Environment={"Variables": variables})
    # SAM keeps the previous value of a parameter that is not given, so the empty name must be explicit.
    deployed = rehearsal.sam_deploy(template, deployed.region, label, TrafficAlias='""', **parameters)
    formation = rehearsal.client("cloudformation", deployed.region)
    formation.delete_stack(StackName=name)
    formation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    check(signed_by(deployed, visitor)[0], "without the alias requests go to the functions again")


def log_out(rehearsal, deployed):
    """Checks that a logout ends the session and that the notification goes through the queue to the notify function."""
    check, stack = rehearsal.check, deployed.stack
    pkce, visitor = Pkce(), Visitor(stack)
    answer = stack.token(exchange(TOLD, visitor.code(TOLD, pkce), pkce))
    asking = visitor.send("GET", f"{stack.issuer}/oidc/logout?client_id={TOLD}")
    check(asking.status == 200 and "Sign out?" in asking.text, "without a hint the user must confirm", asking)
    hint = f"id_token_hint={answer.json['id_token']}&post_logout_redirect_uri={GOODBYE}&state=s"
    answer = visitor.send("GET", f"{stack.issuer}/oidc/logout?{hint}")
    check(answer.location == f"{GOODBYE}?state=s", "with a hint the session ends and the user is redirected", answer)
    answer = visitor.authorize(TRUSTED, pkce, prompt="none")
    check(answer.parameter("error") == "login_required", "the session has ended", answer)
    # Nothing responds at the client's address, so delivery is retried until the message goes to the dead-letter queue.
    logs = rehearsal.client("logs", deployed.region)
    for _ in range(150):
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/{deployed.name}-notify")["events"]
        lines = [event["message"] for event in events if "a client did not hear of a logout" in event["message"]]
        if lines:
            break
        time.sleep(0.2)
    check(lines and "no answer" in lines[0], "the queue delivered it to the notify function", lines)
    check("could not be put off" not in str(events), "which scheduled a retry", events)


def privilege(rehearsal, deployed, visitor):
    """Checks that a missing permission is a 503 without a protocol error, and that restoring it recovers the service."""
    iam = rehearsal.client("iam", deployed.region)
    functions = rehearsal.client("lambda", deployed.region)
    found = functions.get_function_configuration(FunctionName=f"{deployed.name}-token")
    role = found["Role"].split("/")[-1]
    deny = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "dynamodb:UpdateItem", "Resource": "*"}],
    }
    pkce = Pkce()
    fields = exchange(TRUSTED, visitor.code(TRUSTED, pkce), pkce)
    iam.put_role_policy(RoleName=role, PolicyName="less", PolicyDocument=json.dumps(deny))
    answer = deployed.stack.token(fields)
    refused = (answer.status, answer.json.get("error")) == (503, "temporarily_unavailable")
    rehearsal.check(refused and "retry-after" in answer.headers, "without write permission the function responds with 503", answer)
    iam.delete_role_policy(RoleName=role, PolicyName="less")
    answer = deployed.stack.token(fields)
    rehearsal.check(answer.status == 200, "with it, the same code is redeemed", answer)


def confined(rehearsal, deployed):
    """Checks with each role's own credentials what it may and may not do."""
    check, functions = rehearsal.check, rehearsal.client("lambda", deployed.region)

    def acting(name, service):
        role = functions.get_function_configuration(FunctionName=f"{deployed.name}-{name}")["Role"]
        return rehearsal.acting(role, service, deployed.region)

    def denied(call):
        try:
            call()
        except botocore.exceptions.ClientError as error:
            return error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
        return False

    def reading(kind, table="Config"):
        key = {"pk": {"S": f"{kind}#{WORKSPACE}#x"}, **({"sk": {"S": "x"}} if table != "Flow" else {})}
        return {"TableName": deployed.outputs[f"{table}TableName"], "Key": key}

    token, metadata = acting("token", "dynamodb"), acting("metadata", "dynamodb")
    token.get_item(**reading("signing-key"))
    check(denied(lambda: token.get_item(**reading("session", "Flow"))), "token reads signing keys and no sessions")
    metadata.get_item(**reading("workspace"))
    check(denied(lambda: metadata.get_item(**reading("client"))), "metadata reads workspaces and no clients")
    check(denied(lambda: token.scan(TableName=deployed.outputs["FlowTableName"])), "token cannot scan")
    check(denied(lambda: token.get_item(**reading("account", "Users"))), "token cannot read accounts")

    signing = {
        "KeyId": deployed.outputs["FirstSigningKeyArn"], "Message": bytes(32), "MessageType": "DIGEST",
        "SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256",
    }
    token, authorize = acting("token", "kms"), acting("authorize", "kms")
    token.sign(**signing)
    check(denied(lambda: token.sign(**{**signing, "MessageType": "RAW"})), "token signs digests and nothing raw")
    check(denied(lambda: authorize.sign(**signing)), "authorize cannot sign")

    sealing, context = deployed.outputs["SealingKeyArn"], {"purpose": "interaction"}
    owner, administrator = rehearsal.client("kms", deployed.region), rehearsal.acting(ADMINISTRATOR, "kms", deployed.region)

    def sealed(context):
        text = owner.encrypt(KeyId=sealing, Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
        return {"KeyId": sealing, "CiphertextBlob": text, "EncryptionContext": context}

    opening = sealed(context)
    authorize.decrypt(**opening)
    check(denied(lambda: token.decrypt(**opening)), "authorize opens interactions, and token does not")
    check(denied(lambda: administrator.decrypt(**opening)), "nor does the administrator")
    secret = sealed({"purpose": "upstream-secret"})
    administrator.decrypt(**secret)
    stranger = rehearsal.acting(STRANGER, "kms", deployed.region)
    stranger.describe_key(KeyId=sealing)
    check(denied(lambda: stranger.decrypt(**secret)), "only the administrator decrypts file secrets, not even a role with kms:*")


def guarded(rehearsal, deployed):
    """Checks that each queue has its own policy that denies requests without TLS."""
    formation, sqs = (rehearsal.client(service, deployed.region) for service in ("cloudformation", "sqs"))
    for name in ("LogoutQueue", "LogoutDeadLetters", "MailQueue", "MailDeadLetters"):
        found = formation.describe_stack_resource(StackName=deployed.name, LogicalResourceId=name)
        url = found["StackResourceDetail"]["PhysicalResourceId"]
        queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy", "QueueArn"])["Attributes"]
        [statement] = json.loads(queue["Policy"])["Statement"]
        own = (statement["Effect"], statement["Resource"], statement["Condition"]) == (
            "Deny", queue["QueueArn"], {"Bool": {"aws:SecureTransport": "false"}}
        )
        rehearsal.check(own, f"{name} denies requests without TLS", statement)


LASTING = ["ConfigTable", "UsersTable", "FlowTable", "FirstSigningKey", "SecondSigningKey", "SealingKey"]


def failing_at_first(rehearsal, template):
    """Checks that a failed first deployment is rolled back completely (docs/operating.md, "From nothing")."""
    region, check = "ap-southeast-2", rehearsal.check
    formation, kms, dynamodb = (rehearsal.client(service, region) for service in ("cloudformation", "kms", "dynamodb"))
    failing = json.loads(template.read_text())
    failing["Resources"]["Nowhere"] = {
        "Type": "AWS::Route53::RecordSet", "DependsOn": LASTING,
        "Properties": {"HostedZoneId": "ZNOWHERE", "Name": "au.auth.example", "Type": "TXT", "ResourceRecords": ['"x"']},
    }
    path = rehearsal.work / "failing.json"
    path.write_text(json.dumps(failing))
    try:
        rehearsal.sam_deploy(path, region, "au", TableDeletionProtection="false")
    except AssertionError as error:
        said = str(error)
    else:
        raise AssertionError("a record in a nonexistent zone did not fail the deployment")
    [stack] = formation.describe_stacks(StackName="postern-au")["Stacks"]
    check(stack["StackStatus"] == "ROLLBACK_COMPLETE", "a failed first deployment is rolled back", said)
    pages = formation.get_paginator("describe_stack_events").paginate(StackName="postern-au")
    made = {event["LogicalResourceId"]: event["PhysicalResourceId"] for page in pages for event in page["StackEvents"]
            if event["ResourceStatus"] == "CREATE_COMPLETE"}
    check(set(LASTING) <= set(made), "after creating its tables and keys", sorted(made))
    tables = dynamodb.list_tables()["TableNames"]
    check(tables == [], "its tables are deleted", tables)
    states = [kms.describe_key(KeyId=made[name])["KeyMetadata"]["KeyState"] for name in LASTING if name.endswith("Key")]
    check(states == ["PendingDeletion"] * 3, "and its keys are scheduled for deletion", states)


def protect(rehearsal, deployed):
    """Enables termination protection after the first `sam deploy`; CDK does so itself."""
    formation = rehearsal.client("cloudformation", deployed.region)
    formation.update_termination_protection(StackName=deployed.name, EnableTerminationProtection=True)


def protected(rehearsal, deployed):
    """Checks that neither the stack nor its tables can be deleted by mistake."""
    formation, dynamodb = (rehearsal.client(service, deployed.region) for service in ("cloudformation", "dynamodb"))

    def refused(call, **named):
        try:
            call(**named)
        except botocore.exceptions.ClientError as error:
            return "rotect" in error.response["Error"]["Message"]
        return False

    rehearsal.check(refused(formation.delete_stack, StackName=deployed.name), "the stack is protected from deletion")
    for table in ("Config", "Users", "Flow"):
        name = deployed.outputs[f"{table}TableName"]
        rehearsal.check(refused(dynamodb.delete_table, TableName=name), f"and its table {table.lower()}")


def deletion(rehearsal, deployed):
    formation = rehearsal.client("cloudformation", deployed.region)
    formation.update_termination_protection(StackName=deployed.name, EnableTerminationProtection=False)
    formation.delete_stack(StackName=deployed.name)
    formation.get_waiter("stack_delete_complete").wait(StackName=deployed.name, WaiterConfig={"Delay": 1})
    tables = rehearsal.client("dynamodb", deployed.region).list_tables()["TableNames"]
    kept = [deployed.outputs[f"{name}TableName"] for name in ("Config", "Users", "Flow")]
    rehearsal.check(all(table in tables for table in kept), "the deleted stack keeps its tables", tables)
    kms = rehearsal.client("kms", deployed.region)
    for name in ("Sealing", "FirstSigning", "SecondSigning"):
        state = kms.describe_key(KeyId=deployed.outputs[f"{name}KeyArn"])["KeyMetadata"]["KeyState"]
        rehearsal.check(state == "Enabled", f"and its {name} key", state)
    groups = rehearsal.client("logs", deployed.region).describe_log_groups()["logGroups"]
    left = [group["logGroupName"] for group in groups if deployed.name in group["logGroupName"]]
    rehearsal.check(not left, "but not its logs", left)
    answer = deployed.stack.send("GET", f"{deployed.stack.issuer}/.well-known/jwks.json")
    rehearsal.check(answer.status in (403, 404), "and its API no longer responds", answer)


def rehearse(rehearsal):
    rehearsal.start()
    rehearsal.check(rehearsal.role("administrator", *ADMINISTRATION) == ADMINISTRATOR, "there is an administrator")
    rehearsal.check(rehearsal.role("stranger", "kms:*") == STRANGER, "and a stranger with every permission on every key")
    rehearsal.say("Reducing infra/sam/template.yaml for MiniStack:")
    template = rehearsal.sam_template()
    failing_at_first(rehearsal, template)
    here = rehearsal.sam_deploy(template, "eu-west-1", "eu")
    protect(rehearsal, here)
    rehearsal.say("eu-west-1 is deployed by SAM")
    own_domain = domain(rehearsal, "us-east-1", "us.auth.example")
    replica = replicated(rehearsal, here, "us-east-1")
    there = rehearsal.cdk_deploy("us-east-1", "us", ExistingSealingKeyArn=replica, **own_domain)
    rehearsal.say("us-east-1 is deployed by CDK, with a custom domain and the replica key")
    named(rehearsal, there, own_domain)
    confine_replica(rehearsal, there)
    here.postern("apply", rehearsal.workspace())
    share_subjects(rehearsal, here, there)
    there.postern("apply", rehearsal.workspace())
    for deployed in (here, there):
        routed(rehearsal, deployed)
    at_domain(rehearsal, here)
    same_subjects(rehearsal, here, there)
    visitor = log_in(rehearsal, here)
    refusals(rehearsal, here, visitor)
    life(rehearsal, here, visitor)
    parallel(rehearsal, here, visitor)
    pushed(rehearsal, here, visitor)
    device(rehearsal, here)
    abroad = log_in(rehearsal, there)
    regions(rehearsal, here, there, visitor)
    regions(rehearsal, there, here, abroad)
    for deployed in (here, there):
        confined(rehearsal, deployed)
        guarded(rehearsal, deployed)
        log_out(rehearsal, deployed)
    privilege(rehearsal, here, visitor)
    rotation(rehearsal, here, visitor)
    resealing(rehearsal, here)
    here, parameters = upgrade(rehearsal, template, here, visitor)
    beside(rehearsal, here)
    shifting(rehearsal, template, here, visitor, **parameters)
    for deployed in (there, here):
        protected(rehearsal, deployed)
        deletion(rehearsal, deployed)
    rehearsal.reachable()


def forget_accounts():
    """Removes the settings of real accounts (profiles, tokens, endpoints) from the environment."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "CDK_", "SAM_"))]:
        del os.environ[name]


def main():
    forget_accounts()
    rehearsal = Rehearsal(*sys.argv[1:4])
    # Terminating this process must also terminate the emulator.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    try:
        rehearse(rehearsal)
    except BaseException:
        rehearsal.say("FAILED; the last lines of MiniStack and of the functions:")
        log = rehearsal.work / "ministack.log"
        if log.exists():
            print("\n".join(line[:600] for line in log.read_text().splitlines()[-20:]), flush=True)
            print("\n".join(rehearsal.function_lines()), flush=True)
        raise
    finally:
        rehearsal.stop()
    rehearsal.say(f"{rehearsal.checks} checks hold")


if __name__ == "__main__":
    main()
