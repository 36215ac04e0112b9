"""What AWS refuses, or lets pass and then does not do, and what no linter knows. It holds for every template."""

import pytest

from stack import resources, templates


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
