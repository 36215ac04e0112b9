"""Rules of AWS that no linter knows: what it rejects, or accepts and then ignores. They apply to every template."""

import pytest

from stack import SEALING_KEY, resources, templates


@pytest.fixture(scope="module")
def every():
    return templates()


def of_type(every, kind):
    """Returns every resource of a type in any template as (file name and logical id, body)."""
    return [(f"{file}: {name}", body) for file, template in every.items() for name, body in resources(template, kind).items()]


def test_each_queue_has_its_own_policy_that_names_no_other_queue(every):
    """SQS rejects a statement with two resources, and a policy that names a queue other than its own."""
    queues = [{"Ref": name} for template in every.values() for name in resources(template, "AWS::SQS::Queue")]
    assert queues
    for name, body in of_type(every, "AWS::SQS::QueuePolicy"):
        [queue] = body["Properties"]["Queues"]
        queues.remove(queue)
        for statement in body["Properties"]["PolicyDocument"]["Statement"]:
            assert statement["Resource"] == {"Fn::GetAtt": [queue["Ref"], "Arn"]}, name
    assert queues == [], "queues without a policy"


def services(statement):
    named = statement["Principal"]["Service"]
    return named if isinstance(named, list) else [named]


def watched(template, metric):
    """Returns the dimensions of the alarms on a metric."""
    alarms = [body["Properties"] for body in resources(template, "AWS::CloudWatch::Alarm").values()]
    return [alarm["Dimensions"] for alarm in alarms if alarm.get("MetricName") == metric]


def test_eventbridge_events_arrive_or_raise_an_alarm(every):
    """EventBridge sets no condition keys for a topic policy, so a statement with a condition blocks all its events."""
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
                assert "RoleArn" not in target, f"{name}: access is granted by the topic policy, and a role may block events"
                assert target["Arn"]["Fn::If"][1] in open_to_events, name
            assert [{"Name": "RuleName", "Value": {"Ref": name}}] in watched(template, "FailedInvocations"), name
            rules += 1
    assert rules


def test_an_undeliverable_notification_raises_an_alarm(every):
    topics = 0
    for template in every.values():
        for name in resources(template, "AWS::SNS::Topic"):
            [[dimension]] = watched(template, "NumberOfNotificationsFailed")
            assert dimension["Name"] == "TopicName"
            assert dimension["Value"]["Fn::If"][1] == {"Fn::GetAtt": [name, "TopicName"]}
            topics += 1
    assert topics


def test_a_failed_first_deployment_leaves_nothing_behind(every):
    """`Retain` also keeps resources of a failed creation, and CloudFormation cannot delete a protected table."""
    for file, template in every.items():
        kept = [name for name, body in template["Resources"].items() if body.get("DeletionPolicy") == "Retain"]
        assert kept == [], f"{file}: use RetainExceptOnCreate"
    for name, body in of_type(every, "AWS::DynamoDB::Table"):
        assert body["Properties"]["DeletionProtectionEnabled"] == {"Fn::If": ["ProtectsTables", True, False]}, name


def test_the_sealing_key_can_be_replicated_to_another_region(every):
    """Multi-region is fixed when a key is created, and ciphertexts are bound to their key for good."""
    keys = [(name, body["Properties"]) for name, body in of_type(every, "AWS::KMS::Key")]
    sealing = {name: properties.get("MultiRegion") for name, properties in keys if properties.get("KeyUsage") != "SIGN_VERIFY"}
    assert sealing and all(multi_region is True for multi_region in sealing.values()), sealing


def test_key_use_is_restricted_by_the_key_policy(every):
    """IAM roles decide about everything else, so a role with `kms:*` must not suffice. Replicas have their own policies,
    and re-encrypting under another key amounts to decrypting."""
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


def test_replication_or_policy_changes_of_a_key_are_reported(every):
    """A principal that can replicate a key can give the replica any policy."""
    [rule] = [body["Properties"] for _, body in of_type(every, "AWS::Events::Rule")]
    detail = rule["EventPattern"]["detail"]
    assert {"DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy", "ReplicateKey"} <= set(detail["eventName"])
    for keys in detail["resources"]["ARN"]["Fn::If"][1:]:
        assert SEALING_KEY in keys


def test_access_logs_use_a_log_group_that_needs_no_resource_policy(every):
    """Other names need an entry in an account-wide resource policy, which is limited to 5,120 characters."""
    stages = of_type(every, "AWS::ApiGatewayV2::Stage")
    assert stages
    for name, body in stages:
        group, _ = body["Properties"]["AccessLogSettings"]["DestinationArn"]["Fn::GetAtt"]
        [properties] = [found["Properties"] for logical, found in of_type(every, "AWS::Logs::LogGroup")
                        if logical == f"{name.split(':')[0]}: {group}"]
        assert properties["LogGroupName"]["Fn::Sub"].startswith("/aws/vendedlogs/"), name


def test_billed_duration_is_logged(every):
    """Lambda logs its report of a request, with duration and memory, at level INFO."""
    functions = of_type(every, "AWS::Lambda::Function")
    assert functions
    for name, body in functions:
        assert body["Properties"]["LoggingConfig"]["SystemLogLevel"] == "INFO", name
