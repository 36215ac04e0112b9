"""Starts MiniStack with the IAM condition keys that the roles use and MiniStack lacks.

Without them a statement with such a condition would deny everything, and the roles could not be tested with their
restrictions. A key that MiniStack supports by now fails the rehearsal, so that it gets removed here.
"""

import json

from ministack.app import main
from ministack.core import iam_actions, iam_evaluator


def leading_keys(request):
    """Returns the partition key of a single-item request. Other requests have none, so `Null` denies them."""
    named = request.get("Key", request.get("Item", {})).get("pk", {}).get("S")
    return {} if named is None else {"dynamodb:LeadingKeys": [named]}


def kms_keys(request):
    """Returns the condition keys of a KMS request."""
    context = {f"kms:EncryptionContext:{name}": value for name, value in request.get("EncryptionContext", {}).items()}
    if "SigningAlgorithm" in request:
        context["kms:SigningAlgorithm"] = request["SigningAlgorithm"]
        context["kms:MessageType"] = request.get("MessageType", "RAW")
    return context


KEYS = {"dynamodb": leading_keys, "kms": kms_keys}
SESSION = "arn:aws:sts::000000000000:assumed-role/role/session"
known = iam_actions.request_tag_context
resolve = iam_evaluator._resolve_condition_key
named = iam_actions.extract_iam_action


def context(service, action, body, parameters):
    found = known(service, action, body, parameters)
    if service in KEYS:
        found = {**found, **KEYS[service](json.loads(body or b"{}"))}
    return found


def resolved(key, request):
    """`aws:PrincipalArn` of a session is its role's ARN. Requests count as TLS, which the endpoints of AWS require."""
    if key.lower() == "aws:securetransport":
        return "true"
    value = resolve(key, request)
    if key.lower() == "aws:principalarn" and ":assumed-role/" in value:
        partition, account, role = value.split(":")[1], value.split(":")[4], value.split("/")[1]
        return f"arn:{partition}:iam::{account}:role/{role}"
    return value


def action(service, method, path, headers, body, parameters):
    """Returns the action that a request needs. An SQS batch needs the action of the single call, as in AWS."""
    found = named(service, method, path, headers, body, parameters)
    return found.removesuffix("Batch") if service == "sqs" and found else found


def lacking():
    """Fails if MiniStack supports any of this itself."""
    item = json.dumps({"Key": {"pk": {"S": "grant#"}}}).encode()
    if "dynamodb:LeadingKeys" in iam_actions.dynamodb_service_context(item):
        raise SystemExit("MiniStack supports dynamodb:LeadingKeys: remove leading_keys")
    signing = json.dumps({"SigningAlgorithm": "ECDSA_SHA_256"}).encode()
    if known("kms", "kms:Sign", signing, {}):
        raise SystemExit("MiniStack supports the condition keys of KMS: remove kms_keys")
    batch = {"x-amz-target": "AmazonSQS.SendMessageBatch"}
    if named("sqs", "POST", "/", batch, b"{}", {}) != "sqs:SendMessageBatch":
        raise SystemExit("MiniStack supports the actions of SQS batches: remove action")
    session = iam_evaluator.EvalContext(SESSION, "AssumedRole", "000000000000", "kms:Sign", "*", "eu-west-1")
    if resolve("aws:PrincipalArn", session) != SESSION:
        raise SystemExit("MiniStack supports aws:PrincipalArn of a session: remove that from resolved")
    if resolve("aws:SecureTransport", session) != "false":
        raise SystemExit("MiniStack no longer treats requests as made without TLS: remove that from resolved")


if __name__ == "__main__":
    lacking()
    iam_actions.request_tag_context = context
    iam_actions.extract_iam_action = action
    iam_evaluator._resolve_condition_key = resolved
    main()
