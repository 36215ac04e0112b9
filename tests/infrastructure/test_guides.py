"""Everything the guides name exists in the templates."""

import copy
import json
import re
import tomllib

import pytest

import stack
from stack import CONTRACT, REPOSITORY, resources, translated

GUIDES = ["docs/operating.md", "docs/regions.md", "infra/README.md"]


@pytest.fixture(scope="module")
def server():
    return translated()


@pytest.fixture(scope="module")
def templates():
    return list(stack.templates().values())


def guide(name):
    return (REPOSITORY / name).read_text()


def test_the_guide_describes_a_response_to_every_alarm(server):
    rows = [line.split("|")[1] for line in guide("docs/operating.md").splitlines() if line.startswith("| ")]
    explained = set(re.findall(r"`([a-z-]+)`", " ".join(rows)))
    for body in resources(server, "AWS::CloudWatch::Alarm").values():
        name = body["Properties"]["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")
        of_function = name.removesuffix("-throttles") in CONTRACT["functions"]
        assert name in explained or (of_function and "`…-throttles` of functions" in "".join(rows)), name


def test_loops_over_the_functions_name_all_of_them():
    loops = re.findall(r"for (?:name|function) in ([A-Za-z ]+);", guide("docs/operating.md"))
    assert len(loops) == 2
    for loop in loops:
        assert sorted(loop.lower().split()) == sorted(CONTRACT["functions"])


@pytest.mark.parametrize("name", GUIDES)
def test_parameters_that_a_guide_names_exist(templates, name):
    known = {parameter for template in templates for parameter in template["Parameters"]}
    named = set(re.findall(r"[\s`]([A-Z][a-z]+[A-Za-z]*)=", guide(name)))
    # Parameters of the AWS CLI itself, in shorthand syntax.
    own = {"Enabled", "PointInTimeRecoveryEnabled", "AttributeName"}
    assert named and named - own <= known


@pytest.mark.parametrize("name", GUIDES)
def test_outputs_that_a_guide_names_exist(templates, name):
    known = {output for template in templates for output in template.get("Outputs", {})}
    named = set(re.findall(r"output\s+([A-Z][A-Za-z]+)\)|OutputKey=='([A-Z][A-Za-z]+)'", guide(name)))
    assert {first or second for first, second in named} <= known


@pytest.mark.parametrize("name", ["docs/operating.md", "infra/README.md"])
def test_guides_for_sam_protect_the_stack(name):
    """`sam deploy` has no option for termination protection, so a separate command must follow it."""
    text = guide(name)
    assert text.index("sam deploy") < text.index("update-termination-protection --enable-termination-protection")


def test_the_settings_of_a_region_protect_its_tables():
    """SAM keeps the previous value of a parameter that is not given, and the first deployment gives another one."""
    settings = tomllib.loads(guide("infra/sam/samconfig.toml"))
    overrides = [body["deploy"]["parameters"]["parameter_overrides"] for name, body in settings.items() if name != "version"]
    assert overrides and all("TableDeletionProtection=true" in text.split() for text in overrides)


def test_an_external_sealing_key_gets_the_same_policy(server):
    [text] = re.findall(r"--policy \"\$\(cat <<END\n(.*?)\n   END\n", guide("docs/operating.md"), re.DOTALL)
    due = copy.deepcopy(server["Resources"]["SealingKey"]["Properties"]["KeyPolicy"])
    root, functions, administrator = due["Statement"]
    root["Principal"] = {"AWS": "arn:aws:iam::ACCOUNT:root"}
    functions["Condition"]["StringNotEquals"]["aws:PrincipalArn"] = ["$roles", "$administrator"]
    administrator["Condition"]["StringEquals"]["aws:PrincipalArn"] = "$administrator"
    assert json.loads(text) == due


@pytest.mark.parametrize("name", GUIDES)
def test_log_groups_that_a_guide_reads_exist(server, name):
    groups = {body["Properties"]["LogGroupName"]["Fn::Sub"].replace("${AWS::StackName}", "postern-eu")
              for body in resources(server, "AWS::Logs::LogGroup").values()}
    read = set(re.findall(r"logs tail \"?(/aws/[^\s\"]+)", guide(name)))
    # In a loop over the functions.
    read = {group.replace("$function", "token") for group in read}
    assert read <= groups
    assert read or name != "docs/operating.md"


def test_the_guide_promises_no_more_requests_than_lambda_admits():
    """Lambda admits ten requests per second and unit of concurrency (AWS Lambda Developer Guide, "Lambda quotas")."""
    [row] = [line for line in guide("docs/operating.md").splitlines() if line.startswith("| Lambda, concurrent executions")]
    _, _, quota, meaning, _ = row.split("|")
    number = lambda pattern, text: int(re.search(pattern, text)[1].replace(",", ""))
    assert number(r"([\d,]+) requests a second", meaning) == 10 * number(r"([\d,]+) for the account", quota)


@pytest.mark.parametrize("name", [*GUIDES, "docs/configuration.md", "README.md"])
def test_guides_build_deployments_from_the_lock_file(name):
    """`cargo lambda build` is exempt: SAM passes no flags on to it, so Cargo.toml sets `locked`."""
    commands = re.findall(r"cargo (?:run|build|install) [^\n`]*--release[^\n`]*", guide(name))
    assert all("--locked" in command for command in commands), commands


def test_functions_are_built_from_the_lock_file():
    metadata = tomllib.loads(guide("Cargo.toml"))["workspace"]["metadata"]
    assert metadata["lambda"]["build"]["locked"] is True
