"""Synthesizes the CDK stacks."""

import json
import os
import subprocess

from stack import CONTRACT, REPOSITORY


def synthesised(folder):
    """Synthesizes templates and validation report into a folder, with placeholders for the function binaries."""
    for name in CONTRACT["functions"]:
        (folder / "artifacts" / name).mkdir(parents=True)
        (folder / "artifacts" / name / "bootstrap").write_text(name)
    context = {
        "label": "eu", "artifacts": str(folder / "artifacts"), "regions": {"eu": {"region": "eu-west-1"}},
        "canary": "true",
    }
    environment = {**os.environ, "CDK_OUTDIR": str(folder / "out"), "CDK_CONTEXT_JSON": json.dumps(context)}
    program = REPOSITORY / "infra/cdk/dist/bin/postern.js"
    done = subprocess.run(["node", program], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)
    return folder / "out"
