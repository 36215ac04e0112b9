// The parameters and conditions of the stack, the same as in the SAM template.
import { CfnCondition, CfnParameter, CfnRule, Fn, type ICfnConditionExpression, type Stack } from "aws-cdk-lib";

/** The sealing key: the stack's own or an existing one. */
export const SEALING_KEY = {
  "Fn::If": ["OwnSealingKey", { "Fn::GetAtt": ["SealingKey", "Arn"] }, { Ref: "ExistingSealingKeyArn" }],
};

export function parameters(stack: Stack, label: string) {
  const text = (id: string, fallback: string, description: string, allowedValues?: string[]) =>
    new CfnParameter(stack, id, { type: "String", default: fallback, description, allowedValues });
  const number = (id: string, fallback: number, description: string, more: object = {}) =>
    new CfnParameter(stack, id, { type: "Number", default: fallback, description, ...more });
  const regionLabel = new CfnParameter(stack, "RegionLabel", {
    type: "String", default: label, allowedPattern: "[a-z0-9-]{1,16}",
    description: "The name of this region in codes, and by custom in the host name, such as eu, us or au.",
  });
  new CfnParameter(stack, "AdministratorArn", {
    type: "String", allowedPattern: "arn:[a-z-]+:iam::[0-9]{12}:(root|(role|user)/[A-Za-z0-9+=,.@_/-]+)",
    constraintDescription: "the ARN of an IAM role or user, not of a session (sts, assumed-role)",
    description: "The role or user that runs `postern apply`, which seals the secrets in workspace files.",
  });
  new CfnParameter(stack, "ExistingSealingKeyArn", {
    type: "String", default: "", allowedPattern: "(arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[a-z0-9-]+)?",
    description: "An existing key for sealing in this region; without one, the stack creates its own.",
  });
  text("CreateSigningKeys", "true", "Whether this stack creates its own two signing keys.", ["true", "false"]);
  text("FurtherSigningKeyArns", "", "Further signing keys that the token function may use, separated by commas.");
  text("TableKeyArn", "", "A KMS key of yours for the tables; without one, DynamoDB's own.");
  text("TableDeletionProtection", "true", "Whether DynamoDB refuses to delete the tables. Without it, a first deployment " +
    "that fails removes what it created; deploy again with it afterwards.", ["true", "false"]);
  text("AlarmTopicArn", "", "The topic for alarms, whose policy must let CloudWatch and, without a condition, " +
    "EventBridge publish; without one, the stack creates a topic to which you subscribe.");
  text("TrafficAlias", "", "An alias of every function to send requests to.");
  text("MailIdentityArns", "", "The SES identities that mail is sent from, and the configuration sets that they need, as " +
    "ARNs separated by commas; without one, nothing is sent.");
  number("FailedLogins", 300, "How many logins with a password may fail in five minutes before an alarm.", { minValue: 1 });
  number("KmsSignQuota", 1000, "The KMS quota for keys of this type, in signatures per second.");
  return {
    regionLabel,
    architecture: text("Architecture", "arm64", "The architecture that the functions were built for.", ["arm64", "x86_64"]),
    memorySize: number("MemorySize", 256, "Memory of each function in MiB.", { minValue: 128, maxValue: 3008 }),
    logRetentionDays: number("LogRetentionDays", 30, "How long log lines are kept.", {
      allowedValues: ["1", "3", "5", "7", "14", "30", "60", "90", "120", "180", "365", "400", "545", "731", "1096", "1827"],
    }),
    domainName: text("DomainName", "", "The host name; without one the API's own host name is used."),
    certificateArn: text("CertificateArn", "", "The certificate for DomainName, in this region."),
    hostedZoneId: text("HostedZoneId", "", "The Route 53 zone for the record of DomainName."),
    signingKeySpec: text("SigningKeySpec", "RSA_2048", "RSA for RS256 and PS256, P-256 for ES256.", [
      "RSA_2048", "ECC_NIST_P256",
    ]),
    rateLimit: number("RateLimit", 500, "Requests per second for each route."),
    burstLimit: number("BurstLimit", 1000, "Requests at once for each route."),
    loginRateLimit: number("LoginRateLimit", 50, "Login attempts per second, all users together."),
    loginBurstLimit: number("LoginBurstLimit", 100, "Login attempts at once, all users together."),
    tokenRateLimit: number("TokenRateLimit", 400, "Token requests per second; each signs up to twice."),
    tokenBurstLimit: number("TokenBurstLimit", 400, "Token requests at once."),
  };
}

export type Parameters = ReturnType<typeof parameters>;

export function conditions(stack: Stack) {
  const ref = (name: string): string => Fn.ref(name);
  const made = (id: string, expression: ICfnConditionExpression) => new CfnCondition(stack, id, { expression });
  const given = (name: string) => Fn.conditionNot(Fn.conditionEquals(ref(name), ""));
  new CfnRule(stack, "SomethingSigns", {
    assertions: [{
      assert: Fn.conditionOr(Fn.conditionEquals(ref("CreateSigningKeys"), "true"), given("FurtherSigningKeyArns")),
      assertDescription: "Name signing keys in FurtherSigningKeyArns, or let the stack create its own.",
    }],
  });
  const hasDomain = made("HasDomain", given("DomainName"));
  made("HasFurtherKeys", given("FurtherSigningKeyArns"));
  made("HasTableKey", given("TableKeyArn"));
  made("ProtectsTables", Fn.conditionEquals(ref("TableDeletionProtection"), "true"));
  made("HasTrafficAlias", given("TrafficAlias"));
  made("SendsMail", given("MailIdentityArns"));
  made("SignsWithRsa", Fn.conditionEquals(ref("SigningKeySpec"), "RSA_2048"));
  return {
    hasDomain,
    hasZone: made("HasZone", Fn.conditionAnd(hasDomain, given("HostedZoneId"))),
    ownSealingKey: made("OwnSealingKey", Fn.conditionEquals(ref("ExistingSealingKeyArn"), "")),
    ownSigningKeys: made("OwnSigningKeys", Fn.conditionEquals(ref("CreateSigningKeys"), "true")),
    ownTopic: made("OwnTopic", Fn.conditionEquals(ref("AlarmTopicArn"), "")),
  };
}

export type Conditions = ReturnType<typeof conditions>;
