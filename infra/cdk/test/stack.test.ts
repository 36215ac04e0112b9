// Rules that must always hold for the stack: run by tests/infrastructure/run, or `npm test` here.
import { App } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { capital, contract, signers } from "../lib/contract.js";
import { acknowledge } from "../lib/findings.js";
import { PosternStack } from "../lib/stack.js";

type Body = { Type: string; Properties: Record<string, any>; DeletionPolicy?: string; Condition?: string };

const artifacts = mkdtempSync(join(tmpdir(), "postern-cdk-"));
after(() => rmSync(artifacts, { recursive: true }));
for (const name of Object.keys(contract.functions)) {
  mkdirSync(join(artifacts, name));
  writeFileSync(join(artifacts, name, "bootstrap"), name);
}

const stack = new PosternStack(new App(), "postern-au", { label: "au", artifacts, env: { region: "ap-southeast-2" } });
const roleArn = (name: string) => ({ "Fn::GetAtt": [`${capital(name)}Role`, "Arn"] });
const functions = Object.keys(contract.functions);
acknowledge(stack, functions);
const template = Template.fromStack(stack);
const of = (type: string): [string, Body][] => Object.entries(template.findResources(type) as Record<string, Body>);

test("the stack belongs to its region, and codes name the region", () => {
  assert.equal(stack.region, "ap-southeast-2");
  template.hasParameter("RegionLabel", { Default: "au" });
});

test("there is one function for each crate, for arm64 unless x86_64 is requested, with logs in JSON", () => {
  template.resourceCountIs("AWS::Lambda::Function", functions.length);
  template.hasParameter("Architecture", { Default: "arm64", AllowedValues: ["arm64", "x86_64"] });
  template.allResourcesProperties("AWS::Lambda::Function", {
    Runtime: "provided.al2023", Handler: "bootstrap", Architectures: [{ Ref: "Architecture" }],
    LoggingConfig: Match.objectLike({ LogFormat: "JSON" }),
  });
  const roles = of("AWS::Lambda::Function").map(([, { Properties }]) => JSON.stringify(Properties.Role));
  assert.equal(new Set(roles).size, functions.length, "each has its own role");
});

test("log lines are kept for a configurable time, and are deleted with the stack", () => {
  const groups = of("AWS::Logs::LogGroup");
  assert.equal(groups.length, functions.length + 1, "one for each function, and the access log");
  for (const [id, body] of groups) {
    assert.deepEqual(body.Properties.RetentionInDays, { Ref: "LogRetentionDays" }, id);
    assert.equal(body.DeletionPolicy, "Delete", id);
  }
});

test("tables cannot be deleted by accident, can be restored, and only the flow table has a TTL", () => {
  template.allResourcesProperties("AWS::DynamoDB::Table", {
    BillingMode: "PAY_PER_REQUEST", DeletionProtectionEnabled: { "Fn::If": ["ProtectsTables", true, false] },
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  });
  template.hasParameter("TableDeletionProtection", { Default: "true" });
  assert.equal(stack.terminationProtection, true);
  const ending = of("AWS::DynamoDB::Table").filter(([, body]) => "TimeToLiveSpecification" in body.Properties);
  assert.deepEqual(ending.map(([id, body]) => [id, body.Properties.TimeToLiveSpecification]), [
    ["FlowTable", { AttributeName: "ttl", Enabled: true }],
  ]);
});

test("exactly these resources outlive the stack", () => {
  const all = Object.entries(template.toJSON().Resources as Record<string, Body>);
  const kept = all.filter(([, body]) => /^Retain/.test(body.DeletionPolicy ?? "")).map(([id]) => id).sort();
  assert.deepEqual(kept, [
    "ConfigTable", "FirstSigningKey", "FlowTable", "SealingKey", "SecondSigningKey", "UsersTable",
  ]);
});

test("no role has wildcard permissions", () => {
  const policies = of("AWS::IAM::Policy");
  assert.equal(policies.length, functions.length);
  for (const [id, body] of policies) {
    // A statement can depend on a condition.
    const statements = body.Properties.PolicyDocument.Statement.map((one: any) => one["Fn::If"]?.[1] ?? one);
    for (const { Action, Resource, Effect } of statements) {
      assert.equal(Effect, "Allow", id);
      assert.ok([Action].flat().every((action) => /^[a-z]+:[A-Za-z]+$/.test(action)), `${id}: ${Action}`);
      const wide = [Resource].flat().filter((one) => JSON.stringify(one).includes("*"));
      const streams = { "Fn::Sub": `\${${id.replace(/Policy$/, "Logs")}.Arn}:*` };
      assert.ok(wide.every((one) => JSON.stringify(one) === JSON.stringify(streams)), `${id}: ${JSON.stringify(wide)}`);
    }
  }
  for (const [id, body] of of("AWS::IAM::Role")) {
    assert.ok(!("ManagedPolicyArns" in body.Properties) && !("Policies" in body.Properties), id);
  }
});

test("only the signing roles may sign, digests only, and the key policies deny all others", () => {
  const signing = of("AWS::IAM::Policy").flatMap(([id, body]) =>
    body.Properties.PolicyDocument.Statement
      .filter(({ Action }: { Action: unknown }) => [Action].flat().includes("kms:Sign"))
      .map(({ Condition }: { Condition: unknown }) => [id, Condition]));
  const digestsOnly = {
    StringEquals: {
      "kms:MessageType": "DIGEST",
      "kms:SigningAlgorithm": ["RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PSS_SHA_256", "ECDSA_SHA_256"],
    },
  };
  assert.ok(signers.includes("token"));
  assert.deepEqual(Object.fromEntries(signing), Object.fromEntries(
    signers.map((name) => [`${capital(name)}Policy`, digestsOnly]),
  ));
  const keys = of("AWS::KMS::Key").filter(([, body]) => body.Properties.KeyUsage === "SIGN_VERIFY");
  assert.equal(keys.length, 2);
  for (const [id, body] of keys) {
    assert.deepEqual(body.Properties.KeyPolicy.Statement[1], {
      Sid: "OnlyFunctionsThatSignDo", Effect: "Deny", Principal: "*", Action: "kms:Sign", Resource: "*",
      Condition: { StringNotEquals: { "aws:PrincipalArn": signers.map(roleArn) } },
    }, id);
  }
});

test("routes are throttled, expensive ones more strictly, and queries are not logged", () => {
  template.resourceCountIs("AWS::ApiGatewayV2::Route", contract.routes.length);
  const [{ Properties }] = of("AWS::ApiGatewayV2::Stage").map(([, body]) => body) as [Body];
  assert.deepEqual(Properties.DefaultRouteSettings, {
    ThrottlingRateLimit: { Ref: "RateLimit" }, ThrottlingBurstLimit: { Ref: "BurstLimit" },
  });
  const [login, token] = ["Login", "Token"].map((name) => ({
    ThrottlingRateLimit: { Ref: `${name}RateLimit` }, ThrottlingBurstLimit: { Ref: `${name}BurstLimit` },
  }));
  assert.deepEqual(Properties.RouteSettings, {
    "POST /{tenant}/{workspace}/login": login, "POST /login": login,
    "POST /{tenant}/{workspace}/login/recovery": login, "POST /login/recovery": login,
    "POST /{tenant}/{workspace}/oauth2/token": token, "POST /oauth2/token": token,
  });
  const logged: string[] = Properties.AccessLogSettings.Format.match(/\$context\.[A-Za-z.]+/g);
  assert.deepEqual(logged.filter((name) => /path|query|header/i.test(name)), []);
});

test("every alarm has a recipient, and each function has its two alarms", () => {
  template.allResourcesProperties("AWS::CloudWatch::Alarm", {
    AlarmActions: [{ "Fn::If": ["OwnTopic", { Ref: "AlarmTopic" }, { Ref: "AlarmTopicArn" }] }],
    TreatMissingData: "notBreaching",
  });
  const ids = of("AWS::CloudWatch::Alarm").map(([id]) => id);
  for (const name of functions) {
    assert.ok(ids.includes(`${capital(name)}ErrorsAlarm`) && ids.includes(`${capital(name)}ThrottlesAlarm`), name);
  }
});

test("client developers and administrators find what they need in the outputs", () => {
  assert.deepEqual(Object.keys(template.findOutputs("*")).sort(), [
    "AdminEnvironment", "AlarmTopicName", "ApiId", "ConfigTableName", "DiscoveryUrl", "FirstSigningKeyArn",
    "FlowTableName", "Issuer", "PublicUrl", "RegionalDomainName", "RegionalHostedZoneId", "SealingKeyArn", "SealingRoleArns",
    "SecondSigningKeyArn", "SigningRoleArns", "UsersTableName",
  ]);
});
