"""The CDK and SAM stacks have the same resources, property by property."""

import copy
import json

import pytest

from stack import canary, complaints, translated
from synthesis import synthesised

# Permitted differences, each with its reason.
ALLOWED = {
    "Tags": "SAM tags the functions it creates",
    "Code": "each tool uploads the code to its own location",
}


@pytest.fixture(scope="module")
def assembly(tmp_path_factory):
    out = synthesised(tmp_path_factory.mktemp("cdk"))
    report = json.loads((out / "validation-report.json").read_text())
    findings = [finding["ruleName"] for plugin in report["pluginReports"] for finding in plugin["violations"]]
    assert findings == [], "fix them, or acknowledge them with a reason in infra/cdk/lib/findings.ts"
    return out


@pytest.fixture(scope="module")
def cdk(assembly):
    return json.loads((assembly / "postern-eu.template.json").read_text())


@pytest.fixture(scope="module")
def shifting(assembly):
    return json.loads((assembly / "postern-eu-canary.template.json").read_text())


def plain(body):
    """Returns a resource without tool-specific metadata."""
    body = copy.deepcopy(body)
    body.pop("Metadata", None)
    if "DependsOn" in body:
        depends = body["DependsOn"]
        body["DependsOn"] = sorted([depends] if isinstance(depends, str) else depends)
    properties = body.get("Properties", {})
    if body["Type"] == "AWS::Lambda::Function":
        for name in ALLOWED:
            properties.pop(name, None)
    if body["Type"] == "AWS::CloudWatch::Dashboard":
        properties["DashboardBody"] = json.loads(properties["DashboardBody"]["Fn::Sub"])
    return body


def differences(sam, cdk):
    for name in sorted(set(sam) | set(cdk)):
        if name not in sam or name not in cdk:
            yield f"{name} exists in one stack only"
        elif plain(sam[name]) != plain(cdk[name]):
            yield f"{name}: {plain(sam[name])} and {plain(cdk[name])}"


@pytest.mark.parametrize("section", ["Resources", "Conditions", "Outputs"])
def test_both_stacks_are_equal(cdk, section):
    sam = translated()[section]
    other = dict(cdk[section])
    if section == "Resources":
        assert list(differences(sam, other)) == []
        return
    if section == "Conditions":
        other.pop("CDKMetadataAvailable", None)
        assert other == sam
        return
    assert {name: body["Value"] for name, body in other.items()} == {name: body["Value"] for name, body in sam.items()}


def test_stacks_have_termination_protection(assembly):
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    stacks = {name: body["properties"] for name, body in artifacts.items() if body["type"] == "aws:cloudformation:stack"}
    assert set(stacks) == {"postern-eu", "postern-eu-canary"}
    assert all(properties["terminationProtection"] is True for properties in stacks.values())


def shape(parameters, common=("Type", "Default", "AllowedPattern", "MinValue", "MaxValue")):
    return {name: {key: body.get(key) for key in common}
            for name, body in parameters.items() if name != "BootstrapVersion"}


def test_both_have_the_same_parameters(cdk):
    assert shape(cdk["Parameters"]) == shape(translated()["Parameters"])


def test_both_shift_traffic_the_same_way(shifting):
    assert list(differences(canary()["Resources"], shifting["Resources"])) == []
    other = shape(shifting["Parameters"])
    assert other["ServerStack"]["Default"] == "postern-eu", "CDK knows the name of the stack"
    other["ServerStack"]["Default"] = None
    assert other == shape(canary()["Parameters"])


def test_a_difference_is_detected(cdk):
    sam = translated()["Resources"]
    for name in ("TokenFunction", "FlowTable", "SealingKey", "Stage", "TokenPolicy", "Dashboard"):
        other = copy.deepcopy(cdk["Resources"])
        other[name]["Properties"]["Something"] = "else"
        assert len(list(differences(sam, other))) == 1, name
    other = copy.deepcopy(cdk["Resources"])
    del other["FlowTable"]["DeletionPolicy"]
    assert len(list(differences(sam, other))) == 1


def test_the_stack_matches_the_contract_exactly(cdk):
    assert list(complaints(cdk)) == []
