"""Compares the traffic-shifting template with the server stack."""

import pytest

from stack import CONTRACT, canary, function_name, resources, translated


@pytest.fixture(scope="module")
def server():
    return translated()


def watched(group):
    """Returns the alarms of a deployment group without the stack name."""
    alarms = group["Properties"]["AlarmConfiguration"]
    assert alarms["Enabled"] is True
    return {alarm["Name"]["Fn::Sub"].removeprefix("${ServerStack}-") for alarm in alarms["Alarms"]}


def test_every_function_has_its_own_deployment_group():
    template = canary()
    groups, aliases = (resources(template, f"AWS::{kind}") for kind in ("CodeDeploy::DeploymentGroup", "Lambda::Alias"))
    assert {body["Properties"]["DeploymentGroupName"] for body in groups.values()} == set(CONTRACT["functions"])
    assert len(aliases) == len(groups) == len(CONTRACT["functions"])
    for name in CONTRACT["functions"]:
        alias = template["Resources"][f"{name.capitalize()}Alias"]
        assert alias["UpdatePolicy"] == {"CodeDeployLambdaAliasUpdate": {
            "ApplicationName": {"Ref": "Application"}, "DeploymentGroupName": {"Ref": f"{name.capitalize()}Group"},
        }}
        assert alias["Properties"] == {
            "FunctionName": {"Fn::Sub": f"${{ServerStack}}-{name}"},
            "FunctionVersion": {"Ref": f"{name.capitalize()}Version"}, "Name": {"Ref": "TrafficAlias"},
        }


def test_names_match_the_server_stack(server):
    functions = {function_name(body) for body in resources(server, "AWS::Lambda::Function").values()}
    alarms = {body["Properties"]["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")
              for body in resources(server, "AWS::CloudWatch::Alarm").values()}
    for group in resources(canary(), "AWS::CodeDeploy::DeploymentGroup").values():
        name = group["Properties"]["DeploymentGroupName"]
        assert name in functions
        assert watched(group) == {f"{name}-errors", "server-errors"} <= alarms
        assert "DEPLOYMENT_STOP_ON_ALARM" in group["Properties"]["AutoRollbackConfiguration"]["Events"]


def test_the_deployment_role_may_shift_these_functions_only():
    template = canary()
    [policy] = resources(template, "AWS::IAM::Policy").values()
    shifting, looking = policy["Properties"]["PolicyDocument"]["Statement"]
    suffixes = {resource["Fn::Sub"].split("${ServerStack}-")[1] for resource in shifting["Resource"]}
    assert suffixes == {name + qualifier for name in CONTRACT["functions"] for qualifier in ("", ":*")}
    assert set(shifting["Action"]) == {"lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"}
    assert looking["Action"] == "cloudwatch:DescribeAlarms"


def test_the_server_sends_requests_to_the_alias(server):
    """Integration and permission must both name the alias, and so must the event source of a queue."""
    requested = {route["function"] for route in CONTRACT["routes"]}
    for name in CONTRACT["functions"]:
        function = f"{name.capitalize()}Function"
        target = {"Fn::If": [
            "HasTrafficAlias", {"Fn::Sub": f"${{{function}.Arn}}:${{TrafficAlias}}"}, {"Fn::GetAtt": [function, "Arn"]},
        ]}
        found = server["Resources"]
        if name not in requested:
            assert found[f"{name.capitalize()}Source"]["Properties"]["FunctionName"] == target
            continue
        assert found[f"{name.capitalize()}Integration"]["Properties"]["IntegrationUri"] == target
        assert found[f"{name.capitalize()}Permission"]["Properties"]["FunctionName"] == target
