"""The stack as CloudFormation sees it, and its comparison with the contract of the functions."""

import json
import pathlib

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
CONTRACT = json.loads((REPOSITORY / "infra/contract.json").read_text())
QUEUES = {"logout": "LogoutQueue", "mail": "MailQueue"}
TABLES = {"config": "ConfigTable", "users": "UsersTable", "flow": "FlowTable"}


class NoManagedPolicies:
    """The templates use no managed policies, so there is nothing to look up."""

    def load(self):
        return {}


def translated():
    """Returns infra/sam/template.yaml as plain CloudFormation."""
    template = yaml_parse((REPOSITORY / "infra/sam/template.yaml").read_text())
    del template["Globals"]["Function"]["CodeUri"]
    for body in template["Resources"].values():
        if body["Type"] == "AWS::Serverless::Function":
            body["Properties"]["CodeUri"] = "s3://artifacts-of-postern/function.zip"
            del body["Metadata"]
    return transform(template, {"AWS::Region": "eu-west-1"}, NoManagedPolicies())


def plain_template(name):
    """Returns one of the additional templates, which are plain CloudFormation already."""
    return yaml_parse((REPOSITORY / "infra/sam" / name).read_text())


def canary():
    return plain_template("canary.yaml")


def templates():
    """Returns every deployed template as CloudFormation sees it, by file name."""
    names = sorted(path.name for path in (REPOSITORY / "infra/sam").glob("*.yaml"))
    return {name: translated() if name == "template.yaml" else plain_template(name) for name in names}


def resources(template, kind):
    return {name: body for name, body in template["Resources"].items() if body["Type"] == kind}


def function_name(body):
    """Returns `token` for the function named `${AWS::StackName}-token`."""
    return body["Properties"]["FunctionName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")


def statements(template, function):
    """Returns the statements of every policy attached to the role of a function."""
    [role] = [body["Properties"]["Role"]["Fn::GetAtt"][0]
              for body in resources(template, "AWS::Lambda::Function").values() if function_name(body) == function]
    found = []
    for body in resources(template, "AWS::IAM::Policy").values():
        if {"Ref": role} in body["Properties"]["Roles"]:
            found += body["Properties"]["PolicyDocument"]["Statement"]
    properties = template["Resources"][role]["Properties"]
    for policy in properties.get("Policies", []):
        found += policy["PolicyDocument"]["Statement"]
    if properties.get("ManagedPolicyArns"):
        found.append({"Effect": "Allow", "Action": "managed", "Resource": properties["ManagedPolicyArns"]})
    return found


def due(function, log_group):
    """Returns the statements that a function's handles require."""
    rights = CONTRACT["functions"][function]
    yield {
        "Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": {"Fn::Sub": f"${{{log_group}.Arn}}:*"},
    }
    for right in rights["dynamodb"]:
        yield {
            "Effect": "Allow", "Action": f"dynamodb:{right['action']}",
            "Resource": {"Fn::GetAtt": [TABLES[right["table"]], "Arn"]},
            "Condition": {
                "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"{kind}#*" for kind in right["kinds"]]},
                "Null": {"dynamodb:LeadingKeys": "false"},
            },
        }
    for right in rights["kms"]:
        if right["key"] == "signing":
            statement = {"Effect": "Allow", "Action": f"kms:{right['action']}", "Resource": SIGNING_KEYS}
            if right["action"] == "Sign":
                statement["Condition"] = {"StringEquals": {
                    "kms:MessageType": "DIGEST",
                    "kms:SigningAlgorithm": [
                        "RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PSS_SHA_256", "ECDSA_SHA_256"
                    ],
                }}
        else:
            statement = {
                "Effect": "Allow", "Action": f"kms:{right['action']}",
                "Resource": SEALING_KEY,
                "Condition": {"StringEquals": {"kms:EncryptionContext:purpose": right["purposes"]}},
            }
        yield statement
    for right in rights.get("sqs", []):
        actions = [f"sqs:{action}" for action in right["actions"]]
        yield {"Effect": "Allow", "Action": actions, "Resource": {"Fn::GetAtt": [QUEUES[right["queue"]], "Arn"]}}
    if "ses" in rights:
        actions = [f"ses:{action}" for action in rights["ses"]]
        right = {"Effect": "Allow", "Action": actions, "Resource": {"Fn::Split": [",", {"Ref": "MailIdentityArns"}]}}
        yield {"Fn::If": ["SendsMail", right, {"Ref": "AWS::NoValue"}]}


SEALING_KEY = {"Fn::If": ["OwnSealingKey", {"Fn::GetAtt": ["SealingKey", "Arn"]}, {"Ref": "ExistingSealingKeyArn"}]}
OWN_KEYS = "${FirstSigningKey.Arn},${SecondSigningKey.Arn}"
KEY_LIST = {"Fn::If": [
    "OwnSigningKeys",
    {"Fn::If": ["HasFurtherKeys", {"Fn::Sub": OWN_KEYS + ",${FurtherSigningKeyArns}"}, {"Fn::Sub": OWN_KEYS}]},
    {"Ref": "FurtherSigningKeyArns"},
]}
SIGNING_KEYS = {"Fn::Split": [",", KEY_LIST]}


def complaints(template):
    """Yields the differences between a stack and the contract."""
    functions = {function_name(body): body for body in resources(template, "AWS::Lambda::Function").values()}
    if set(functions) != set(CONTRACT["functions"]):
        yield f"functions: {sorted(functions)}"
        return
    for name, body in functions.items():
        variables = set(body["Properties"]["Environment"]["Variables"])
        if variables != set(CONTRACT["functions"][name]["environment"]):
            yield f"{name}: the environment is {sorted(variables)}"
        log_group = body["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
        expected = sorted(json.dumps(statement, sort_keys=True) for statement in due(name, log_group))
        found = sorted(json.dumps(statement, sort_keys=True) for statement in statements(template, name))
        for statement in found:
            if statement not in expected:
                yield f"{name} is allowed more than its handles need: {statement}"
        for statement in expected:
            if statement not in found:
                yield f"{name} is not allowed what its handles need: {statement}"
    yield from route_complaints(template, functions)


def route_complaints(template, functions):
    due_routes = {f"{route['method']} {route['path']}": route["function"] for route in CONTRACT["routes"]}
    found = {}
    for body in resources(template, "AWS::ApiGatewayV2::Route").values():
        integration = body["Properties"]["Target"]["Fn::Sub"].removeprefix("integrations/${").removesuffix("}")
        uri = json.dumps(template["Resources"][integration]["Properties"]["IntegrationUri"])
        served = [name for name in functions if f'"{name.capitalize()}Function"' in uri]
        found[body["Properties"]["RouteKey"]] = served[0] if len(served) == 1 else served
    for key in sorted(set(due_routes) | set(found)):
        if due_routes.get(key) != found.get(key):
            yield f"route {key}: {found.get(key)} instead of {due_routes.get(key)}"
