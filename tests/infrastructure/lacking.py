"""Prints what the CDK stacks have and the templates for SAM lack, ready to be put into them.

CDK makes everything of a function from infra/contract.json, so when a function is added its resources are there already:
`cd infra/cdk && npx tsc`, then `target/infrastructure/bin/python tests/infrastructure/lacking.py`, from the root of the
repository. Resources that both have and that differ (the dashboard, a role) are for the tests to name.
"""

import json
import os
import pathlib
import tempfile

import yaml

from stack import canary, function_name, translated
from synthesis import synthesised

# What only CDK has, and SAM need not.
OF_CDK = ("CDKMetadata", "BootstrapVersion", "CheckBootstrapVersion")


def for_sam(body):
    """A function as SAM has it, which packs the code itself and takes the rest from its Globals."""
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
    # The translator wants to know one, and nothing depends on which.
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
