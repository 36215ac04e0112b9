"""Reduces a template to what MiniStack can deploy, and reports what is left out and why.

A rule that no longer matches anything fails the rehearsal: it is either wrong or covers a gap that MiniStack has closed.
"""

import json


class Derivation:
    """A template being reduced, and what was left out of it."""

    def __init__(self, template):
        self.template = template
        self.left_out = []

    def resources(self, kind):
        return {name: body for name, body in self.template["Resources"].items() if body["Type"] == kind}

    def note(self, what, why, count):
        if count == 0:
            raise SystemExit(f"derive: no longer matches anything: {what}")
        self.left_out.append(f"{what} ({count}): {why}")

    def drop_resources(self, kind, why, which=lambda body: True):
        names = [name for name, body in self.resources(kind).items() if which(body)]
        for name in names:
            del self.template["Resources"][name]
        self.note(kind, why, len(names))


def for_ministack(template):
    """Returns the template without what MiniStack lacks, and the list of omissions."""
    derivation = Derivation(template)
    derivation.drop_resources(
        "AWS::CloudWatch::Alarm", "MiniStack has no metric math", lambda body: "Metrics" in body["Properties"]
    )
    return derivation.template, derivation.left_out


def shifting_for_ministack(template):
    """Returns infra/sam/canary.yaml without gradual shifting: aliases move at once, and no alarm moves them back."""
    derivation = Derivation(template)
    for kind in ("AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentGroup"):
        derivation.drop_resources(kind, "MiniStack does not support it")
    aliases = derivation.resources("AWS::Lambda::Alias").values()
    policies = [body.pop("UpdatePolicy") for body in aliases if "UpdatePolicy" in body]
    derivation.note("UpdatePolicy of AWS::Lambda::Alias", "it refers to omitted resources", len(policies))
    return derivation.template, derivation.left_out


def for_own_credentials(assembly, stack):
    """Makes the CDK CLI deploy with the given credentials instead of the roles of its bootstrap stack."""
    count = 0
    assets = assembly / f"{stack}.assets.json"
    manifest = assembly / "manifest.json"
    described = json.loads(assets.read_text())
    for asset in described["files"].values():
        for destination in asset["destinations"].values():
            count += destination.pop("assumeRoleArn", None) is not None
    assets.write_text(json.dumps(described))
    described = json.loads(manifest.read_text())
    properties = described["artifacts"][stack]["properties"]
    for name in ("assumeRoleArn", "cloudFormationExecutionRoleArn", "lookupRole"):
        count += properties.pop(name, None) is not None
    manifest.write_text(json.dumps(described))
    if count == 0:
        raise SystemExit("derive: the assembly no longer names any roles")
    yield f"roles of the CDK bootstrap ({count}): MiniStack does not grant their permissions"
