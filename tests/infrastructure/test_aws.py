"""What AWS refuses, or lets pass and then does not do, and what no linter knows. It holds for every template."""

import pytest

from stack import SEALING_KEY, resources, templates


@pytest.fixture(scope="module")
def every():
    return templates()


def of_type(every, kind):
    """Each resource of a type, in whichever template, as (name of the file and logical id, body)."""
    return [(f"{file}: {name}", body) for file, template in every.items() for name, body in resources(template, kind).items()]


def test_each_queue_has_a_policy_of_its_own_that_names_no_other(every):
    """SQS refuses a statement with two resources, and a policy that names another queue than the one that it is set on."""
    queues = [{"Ref": name} for template in every.values() for name in resources(template, "AWS::SQS::Queue")]
    assert queues
    for name, body in of_type(every, "AWS::SQS::QueuePolicy"):
        [queue] = body["Properties"]["Queues"]
        queues.remove(queue)
        for statement in body["Properties"]["PolicyDocument"]["Statement"]:
            assert statement["Resource"] == {"Fn::GetAtt": [queue["Ref"], "Arn"]}, name
    assert queues == [], "without a policy"


def services(statement):
    named = statement["Principal"]["Service"]
    return named if isinstance(named, list) else [named]


def watched(template, metric):
    """What alarms on a metric look at, by the dimension."""
    alarms = [body["Properties"] for body in resources(template, "AWS::CloudWatch::Alarm").values()]
    return [alarm["Dimensions"] for alarm in alarms if alarm.get("MetricName") == metric]


def test_what_eventbridge_sends_arrives_or_is_missed(every):
    """EventBridge does not fill in the conditions of a topic's policy: under one, it publishes nothing."""
    rules = 0
    for file, template in every.items():
        policies = resources(template, "AWS::SNS::TopicPolicy").values()
        statements = [statement for body in policies for statement in body["Properties"]["PolicyDocument"]["Statement"]]
        open_to_events = [statement["Resource"] for statement in statements
                          if services(statement) == ["events.amazonaws.com"] and "Condition" not in statement]
        for statement in statements:
            conditioned = "Condition" in statement
            assert conditioned != ("events.amazonaws.com" in services(statement)), f"{file}: {statement['Sid']}"
        for name, body in resources(template, "AWS::Events::Rule").items():
            for target in body["Properties"]["Targets"]:
                assert "RoleArn" not in target, f"{name}: a topic's policy decides, and a role may keep events from it"
                assert target["Arn"]["Fn::If"][1] in open_to_events, name
            assert [{"Name": "RuleName", "Value": {"Ref": name}}] in watched(template, "FailedInvocations"), name
            rules += 1
    assert rules


def test_a_message_that_no_subscriber_gets_is_missed(every):
    topics = 0
    for template in every.values():
        for name in resources(template, "AWS::SNS::Topic"):
            [[dimension]] = watched(template, "NumberOfNotificationsFailed")
            assert dimension["Name"] == "TopicName"
            assert dimension["Value"]["Fn::If"][1] == {"Fn::GetAtt": [name, "TopicName"]}
            topics += 1
    assert topics


def test_a_first_deployment_that_fails_can_leave_nothing_behind(every):
    """`Retain` keeps what nobody has used yet as well, and a protected table is not deleted by CloudFormation either."""
    for file, template in every.items():
        kept = [name for name, body in template["Resources"].items() if body.get("DeletionPolicy") == "Retain"]
        assert kept == [], f"{file}: RetainExceptOnCreate keeps them from everything else"
    for name, body in of_type(every, "AWS::DynamoDB::Table"):
        assert body["Properties"]["DeletionProtectionEnabled"] == {"Fn::If": ["ProtectsTables", True, False]}, name


def test_the_key_on_which_everything_sealed_depends_can_be_had_in_another_region(every):
    """KMS decides that when it makes a key. What such a key encrypted is encrypted under it for ever."""
    keys = [(name, body["Properties"]) for name, body in of_type(every, "AWS::KMS::Key")]
    sealing = {name: properties.get("MultiRegion") for name, properties in keys if properties.get("KeyUsage") != "SIGN_VERIFY"}
    assert sealing and all(multi_region is True for multi_region in sealing.values()), sealing


def test_who_may_use_a_key_stands_in_its_policy(every):
    """The account's roles decide about everything else, so a role with `kms:*` must not suffice. Replicas have policies
    of their own, and re-encrypting under another key is opening."""
    uses = ["kms:Sign"], ["kms:Decrypt", "kms:ReEncryptFrom"]
    keys = of_type(every, "AWS::KMS::Key") + of_type(every, "AWS::KMS::ReplicaKey")
    found = {}
    for name, body in keys:
        for statement in body["Properties"]["KeyPolicy"]["Statement"]:
            named = statement.get("Condition", {}).get("StringNotEquals", {}).get("aws:PrincipalArn")
            if named and (statement["Effect"], statement["Principal"], statement["Resource"]) == ("Deny", "*", "*"):
                actions = statement["Action"]
                found[name] = [actions] if isinstance(actions, str) else actions
    assert set(found) == {name for name, _ in keys}
    for name, actions in found.items():
        assert actions == uses["sealing" in name.lower()], name


def test_a_key_that_is_copied_or_gets_another_policy_is_told_of(every):
    """Who can replicate a key gives the replica whatever policy they like."""
    [rule] = [body["Properties"] for _, body in of_type(every, "AWS::Events::Rule")]
    detail = rule["EventPattern"]["detail"]
    assert {"DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy", "ReplicateKey"} <= set(detail["eventName"])
    for keys in detail["resources"]["ARN"]["Fn::If"][1:]:
        assert SEALING_KEY in keys


def test_access_logs_go_where_no_policy_has_to_name_them(every):
    """AWS delivers them by a policy of the account that ends at 5,120 characters and names each other log group."""
    stages = of_type(every, "AWS::ApiGatewayV2::Stage")
    assert stages
    for name, body in stages:
        group, _ = body["Properties"]["AccessLogSettings"]["DestinationArn"]["Fn::GetAtt"]
        [properties] = [found["Properties"] for logical, found in of_type(every, "AWS::Logs::LogGroup")
                        if logical == f"{name.split(':')[0]}: {group}"]
        assert properties["LogGroupName"]["Fn::Sub"].startswith("/aws/vendedlogs/"), name


def test_what_a_function_is_billed_for_can_be_seen(every):
    """Lambda writes its report of a request, with time and memory, at the level INFO."""
    functions = of_type(every, "AWS::Lambda::Function")
    assert functions
    for name, body in functions:
        assert body["Properties"]["LoggingConfig"]["SystemLogLevel"] == "INFO", name
