"""Compares the SAM template with the contract derived from the functions' handles, and guards against accidents."""

import copy
import json

import pytest

from stack import (
    CONTRACT, REPOSITORY, SEALING_KEY, complaints, function_name, plain_template, resources, translated,
)


@pytest.fixture(scope="module")
def whole():
    return translated()


@pytest.fixture
def template(whole):
    return copy.deepcopy(whole)


def test_the_stack_matches_the_contract_exactly(template):
    assert list(complaints(template)) == []


def policy(template, function):
    return template["Resources"][f"{function.capitalize()}Policy"]["Properties"]["PolicyDocument"]["Statement"]


@pytest.mark.parametrize("function", sorted(CONTRACT["functions"]))
def test_an_added_or_missing_permission_is_detected(template, function):
    """Tests the comparison itself: it must detect every change to a role."""
    statements = policy(template, function)
    for change in (
        lambda: statements.append({"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": "*"}),
        lambda: statements.pop(),
        lambda: statements[1].update(Resource="*"),
        lambda: statements[1].pop("Condition"),
        lambda: statements[1]["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"].append("signing-key#*"),
        lambda: statements[0].update(Action="logs:*"),
    ):
        before = copy.deepcopy(statements)
        change()
        assert list(complaints(template)) != []
        statements[:] = before
    assert list(complaints(template)) == []


def test_an_added_or_missing_route_or_variable_is_detected(template):
    route = next(iter(resources(template, "AWS::ApiGatewayV2::Route")))
    kept = template["Resources"].pop(route)
    assert list(complaints(template)) != []
    template["Resources"][route] = kept
    kept["Properties"]["RouteKey"] = "GET /{tenant}/{workspace}/somewhere"
    assert list(complaints(template)) != []


def test_only_signing_functions_may_sign_and_only_digests(template):
    text = {name: json.dumps(policy(template, name)) for name in CONTRACT["functions"]}
    signing = {name for name, function in CONTRACT["functions"].items()
               if any(right["action"] == "Sign" for right in function["kms"])}
    assert signing and {name for name in text if "kms:Sign" in text[name]} == signing
    for body in resources(template, "AWS::KMS::Key").values():
        if body["Properties"].get("KeyUsage") == "SIGN_VERIFY":
            [deny] = [entry for entry in body["Properties"]["KeyPolicy"]["Statement"] if entry["Effect"] == "Deny"]
            assert deny["Action"] == "kms:Sign" and deny["Principal"] == "*"
            roles = deny["Condition"]["StringNotEquals"]["aws:PrincipalArn"]
            assert {role["Fn::GetAtt"][0] for role in roles} == {f"{name.capitalize()}Role" for name in signing}


def decrypting():
    """Returns the roles of the functions that decrypt with the sealing key."""
    names = [name for name, function in CONTRACT["functions"].items()
             if any(right["key"] == "sealing" for right in function["kms"])]
    return [{"Fn::GetAtt": [f"{name.capitalize()}Role", "Arn"]} for name in names]


def test_decryption_is_limited_to_some_functions_and_to_the_administrator_for_apply(template):
    key = template["Resources"]["SealingKey"]
    assert key["Condition"] == "OwnSealingKey"
    _, functions, administrator = key["Properties"]["KeyPolicy"]["Statement"]
    assert functions["Condition"] == {
        "StringNotEquals": {"aws:PrincipalArn": [*decrypting(), {"Ref": "AdministratorArn"}]},
    }
    assert administrator["Condition"] == {
        "StringEquals": {"aws:PrincipalArn": {"Ref": "AdministratorArn"}},
        "StringNotEquals": {"kms:EncryptionContext:purpose": ["client-secret", "upstream-secret"]},
    }
    assert "Default" not in template["Parameters"]["AdministratorArn"], "the administrator must be given explicitly"
    for name, body in resources(template, "AWS::Lambda::Function").items():
        assert body["Properties"]["Environment"]["Variables"].get("SEALING_KEY_ARN", SEALING_KEY) == SEALING_KEY, name


def test_a_replica_of_the_sealing_key_has_the_same_policy(template):
    replica = plain_template("sealing-key-replica.yaml")
    [body] = resources(replica, "AWS::KMS::ReplicaKey").values()
    due = copy.deepcopy(template["Resources"]["SealingKey"]["Properties"]["KeyPolicy"])
    # The roles of the other stack are passed as a parameter from its output.
    assert template["Outputs"]["SealingRoleArns"]["Value"] == {"Fn::Join": [",", decrypting()]}
    due["Statement"][1]["Condition"]["StringNotEquals"]["aws:PrincipalArn"] = {
        "Fn::Split": [",", {"Fn::Sub": "${SealingRoleArns},${AdministratorArn}"}],
    }
    assert body["Properties"]["KeyPolicy"] == due
    pattern, same = (one["Parameters"]["AdministratorArn"]["AllowedPattern"] for one in (template, replica))
    assert pattern == same


def test_nothing_is_retained_or_deleted_by_accident(template):
    lasting = {"AWS::DynamoDB::Table", "AWS::KMS::Key"}
    passing = {"AWS::Logs::LogGroup"}
    policies = {
        **dict.fromkeys(lasting, ("RetainExceptOnCreate", "Retain")), **dict.fromkeys(passing, ("Delete", "Delete")),
    }
    for name, body in template["Resources"].items():
        found = (body.get("DeletionPolicy"), body.get("UpdateReplacePolicy"))
        assert found == policies.get(body["Type"], (None, None)), name
    assert template["Parameters"]["TableDeletionProtection"]["Default"] == "true"
    assert template["Conditions"]["ProtectsTables"] == {"Fn::Equals": [{"Ref": "TableDeletionProtection"}, "true"]}
    for name, body in resources(template, "AWS::DynamoDB::Table").items():
        properties = body["Properties"]
        assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}, name
        assert properties["BillingMode"] == "PAY_PER_REQUEST", name
    ttl = {name for name, body in resources(template, "AWS::DynamoDB::Table").items()
           if "TimeToLiveSpecification" in body["Properties"]}
    assert ttl == {"FlowTable"}


def test_each_function_has_its_own_role_log_group_and_alarms(template):
    functions = resources(template, "AWS::Lambda::Function")
    assert len({json.dumps(body["Properties"]["Role"]) for body in functions.values()}) == len(functions)
    groups = resources(template, "AWS::Logs::LogGroup")
    assert all("RetentionInDays" in body["Properties"] for body in groups.values())
    alarms = json.dumps(list(resources(template, "AWS::CloudWatch::Alarm").values()))
    for logical, body in functions.items():
        properties = body["Properties"]
        assert properties["Runtime"] == "provided.al2023" and properties["Handler"] == "bootstrap", logical
        assert properties["LoggingConfig"]["LogFormat"] == "JSON", logical
        for metric in ("errors", "throttles"):
            assert f"-{function_name(body)}-{metric}" in alarms, logical


def test_the_documented_alarms_exist(template):
    names = {body["Properties"]["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")
             for body in resources(template, "AWS::CloudWatch::Alarm").values()}
    assert names >= {"server-errors", "latency", "token-latency", "signing-rate", "codes-replayed", "refresh-tokens-reused",
                     "signing-takeovers", "user-codes-guessed", "logins-failed",
                     "flow-table-throttles", "logout-queue-age", "logout-dead-letters", "mail-queue-age", "mail-dead-letters"}
    for body in resources(template, "AWS::CloudWatch::Alarm").values():
        assert body["Properties"]["AlarmActions"], body


def test_metric_filters_match_log_messages_in_the_code(template):
    """A metric filter for a log message that no longer exists in the code would never match."""
    places = ("functions/token/src", "functions/login/src", "shared/keystore/src", "shared/frontchannel/src")
    source = "".join(path.read_text() for place in places for path in (REPOSITORY / place).glob("*.rs"))
    filters = resources(template, "AWS::Logs::MetricFilter").values()
    patterns = [body["Properties"]["FilterPattern"].split('"')[1] for body in filters]
    assert len(patterns) == 5
    for sentence in patterns:
        assert f'"{sentence}"' in source, sentence


@pytest.mark.parametrize(("name", "consumer"), [("Logout", "Notify"), ("Mail", "Mail")])
def test_a_message_that_fails_delays_no_other_and_ends_in_the_dead_letter_queue(template, name, consumer):
    queue = template["Resources"][f"{name}Queue"]["Properties"]
    aside = template["Resources"][f"{name}DeadLetters"]["Properties"]
    source = template["Resources"][f"{consumer}Source"]["Properties"]
    constants = (REPOSITORY / "shared/delivery/src/schedule.rs").read_text()
    assert f"MAX_RECEIVE_COUNT: u32 = {queue['RedrivePolicy']['maxReceiveCount']};" in constants
    assert f"VISIBILITY_TIMEOUT: Lifetime = Lifetime::seconds({queue['VisibilityTimeout']});" in constants
    assert queue["VisibilityTimeout"] >= 6 * template["Resources"][f"{consumer}Function"]["Properties"]["Timeout"]
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": [f"{name}DeadLetters", "Arn"]}
    assert aside["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"]
    assert queue["SqsManagedSseEnabled"] is aside["SqsManagedSseEnabled"] is True
    assert source["BatchSize"] == 1 and source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_mail_is_neither_sent_nor_polled_for_without_an_identity(template):
    assert template["Parameters"]["MailIdentityArns"]["Default"] == ""
    assert template["Conditions"]["SendsMail"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "MailIdentityArns"}, ""]}]}
    assert template["Resources"]["MailSource"]["Properties"]["Enabled"] == {"Fn::If": ["SendsMail", True, False]}
    text = json.dumps({name: policy(template, name) for name in CONTRACT["functions"]})
    assert text.count("ses:") == 1


def test_the_domain_of_a_workspace_is_deployed_like_that_of_the_server():
    server, alone = translated()["Resources"], plain_template("workspace-domain.yaml")["Resources"]
    for name in ("Domain", "DomainRecord"):
        assert server[name]["Properties"] == alone[name]["Properties"]
    mapping = alone["DomainMapping"]["Properties"]
    assert mapping == {"ApiId": {"Ref": "ApiId"}, "DomainName": {"Ref": "Domain"}, "Stage": "$default"}
