"""Starts MiniStack with the condition keys of IAM that our roles use and it lacks.

Without them a statement that has such a condition would deny everything there, and the roles would have to be rehearsed
without what confines them. A key that MiniStack has learned meanwhile ends the rehearsal: then it is to be removed here.
"""

import json

from ministack.app import main
from ministack.core import iam_actions, iam_evaluator


def leading_keys(request):
    """The partition key that a request for one item names. Other requests have none, so `Null` denies them."""
    named = request.get("Key", request.get("Item", {})).get("pk", {}).get("S")
    return {} if named is None else {"dynamodb:LeadingKeys": [named]}


def kms_keys(request):
    """What a request to KMS says of itself."""
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
    """`aws:PrincipalArn` of a session is its role's ARN. Requests count as made over TLS, which AWS's endpoints demand."""
    if key.lower() == "aws:securetransport":
        return "true"
    value = resolve(key, request)
    if key.lower() == "aws:principalarn" and ":assumed-role/" in value:
        partition, account, role = value.split(":")[1], value.split(":")[4], value.split("/")[1]
        return f"arn:{partition}:iam::{account}:role/{role}"
    return value


def action(service, method, path, headers, body, parameters):
    """The right that a request needs. A batch of SQS needs that of the single call; there is none of its own in AWS."""
    found = named(service, method, path, headers, body, parameters)
    return found.removesuffix("Batch") if service == "sqs" and found else found


def lacking():
    """Ends with a sentence if there is nothing to add any more."""
    item = json.dumps({"Key": {"pk": {"S": "grant#"}}}).encode()
    if "dynamodb:LeadingKeys" in iam_actions.dynamodb_service_context(item):
        raise SystemExit("MiniStack knows dynamodb:LeadingKeys: remove leading_keys")
    signing = json.dumps({"SigningAlgorithm": "ECDSA_SHA_256"}).encode()
    if known("kms", "kms:Sign", signing, {}):
        raise SystemExit("MiniStack knows the condition keys of KMS: remove kms_keys")
    batch = {"x-amz-target": "AmazonSQS.SendMessageBatch"}
    if named("sqs", "POST", "/", batch, b"{}", {}) != "sqs:SendMessageBatch":
        raise SystemExit("MiniStack knows which right a batch of SQS needs: remove action")
    session = iam_evaluator.EvalContext(SESSION, "AssumedRole", "000000000000", "kms:Sign", "*", "eu-west-1")
    if resolve("aws:PrincipalArn", session) != SESSION:
        raise SystemExit("MiniStack knows aws:PrincipalArn of a session: remove that from resolved")
    if resolve("aws:SecureTransport", session) != "false":
        raise SystemExit("MiniStack no longer says that it is reached without TLS: remove that from resolved")


if __name__ == "__main__":
    lacking()
    iam_actions.request_tag_context = context
    iam_actions.extract_iam_action = action
    iam_evaluator._resolve_condition_key = resolved
    main()
