"""Prints the resources that the CDK stacks have and the SAM templates lack, ready to be copied into them.

CDK generates all resources of a function from infra/contract.json, so a new function has its resources there already:
`cd infra/cdk && npx tsc`, then `target/infrastructure/bin/python tests/infrastructure/lacking.py`, from the root of the
repository. Resources that exist in both but differ (the dashboard, a role) are reported by the tests.
"""

import json
import os
import pathlib
import tempfile

import yaml

from stack import canary, function_name, translated
from synthesis import synthesised

# Resources that only CDK needs.
OF_CDK = ("CDKMetadata", "BootstrapVersion", "CheckBootstrapVersion")


def for_sam(body):
    """Returns a function as a SAM resource; SAM packages the code and takes the rest from Globals."""
    if body["Type"] != "AWS::Lambda::Function":
        return body
    name, kept = function_name(body), ("FunctionName", "Role", "LoggingConfig", "Environment")
    return {
        "Type": "AWS::Serverless::Function",
        "DependsOn": body["DependsOn"][0],
        "Metadata": {"BuildMethod": "rust-cargolambda", "BuildProperties": {"Binary": name}},
        "Properties": {key: body["Properties"][key] for key in kept},
    }


def lacking(section, theirs, ours):
    return {name: for_sam(body) for name, body in theirs.get(section, {}).items()
            if name not in ours.get(section, {}) and name not in OF_CDK}


def main():
    # The translator requires a region; the result does not depend on it.
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")
    with tempfile.TemporaryDirectory() as folder:
        out = synthesised(pathlib.Path(folder))
        for file, stack, ours in (("template", "postern-eu", translated()), ("canary", "postern-eu-canary", canary())):
            theirs = json.loads((out / f"{stack}.template.json").read_text())
            for section in ("Parameters", "Resources"):
                found = lacking(section, theirs, ours)
                if found:
                    print(f"# {section} for infra/sam/{file}.yaml\n")
                    print(yaml.safe_dump(found, sort_keys=False, width=120))


if __name__ == "__main__":
    main()
