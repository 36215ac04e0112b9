// The stack of infra/sam/template.yaml, resource by resource with the same names; tests/infrastructure compares them.
// It uses CloudFormation constructs (L1), so that every resource is explicit.
import {
  Aws, CfnCondition, CfnDeletionPolicy, CfnOutput, CfnParameter, type CfnResource, Fn, Stack, type StackProps,
} from "aws-cdk-lib";
import * as api from "aws-cdk-lib/aws-apigatewayv2";
import * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as iam from "aws-cdk-lib/aws-iam";
import * as kms from "aws-cdk-lib/aws-kms";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import * as route53 from "aws-cdk-lib/aws-route53";
import { Asset } from "aws-cdk-lib/aws-s3-assets";
import * as sqs from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { join } from "node:path";

import { type Deployed, Watch } from "./watch.js";
import { capital, contract, type FunctionContract, decrypters, routeId, signers } from "./contract.js";
import { conditions, type Conditions, parameters, type Parameters, SEALING_KEY } from "./parameters.js";

export interface PosternProps extends StackProps {
  /** The name of the region in codes and host names. */
  label: string;
  /** A folder with a subfolder per function that contains its `bootstrap`, as created by `cargo lambda build`. */
  artifacts: string;
}

/** Outlives the stack, but not a first deployment that fails. */
function kept<R extends CfnResource>(resource: R): R {
  resource.cfnOptions.deletionPolicy = CfnDeletionPolicy.RETAIN_EXCEPT_ON_CREATE;
  resource.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
  return resource;
}

export function passing<R extends CfnResource>(resource: R): R {
  resource.cfnOptions.deletionPolicy = CfnDeletionPolicy.DELETE;
  resource.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.DELETE;
  return resource;
}

const attribute = (resource: string, name: string): unknown => ({ "Fn::GetAtt": [resource, name] });
const ifElse = (condition: string, yes: unknown, no: unknown): unknown => ({ "Fn::If": [condition, yes, no] });
const sub = (text: string): unknown => ({ "Fn::Sub": text });
const join_ = (text: string, values: Record<string, unknown>): unknown => ({ "Fn::Sub": [text, values] });

/** A function, or its alias. */
const target = (name: string): unknown =>
  ifElse("HasTrafficAlias", sub(`\${${name}.Arn}:\${TrafficAlias}`), attribute(name, "Arn"));

/** The signing keys as a comma-separated string. */
const OWN = "${FirstSigningKey.Arn},${SecondSigningKey.Arn}";
const SIGNING_KEYS = ifElse(
  "OwnSigningKeys",
  ifElse("HasFurtherKeys", sub(`${OWN},\${FurtherSigningKeyArns}`), sub(OWN)),
  { Ref: "FurtherSigningKeyArns" },
);
const PUBLIC_URL = ifElse(
  "HasDomain", sub("https://${DomainName}"), sub("https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}"),
);
const ROOT = { AWS: sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root") };
const ROLES_DECIDE = { Sid: "RolesDecide", Effect: "Allow", Principal: ROOT, Action: "kms:*", Resource: "*" };

export class PosternStack extends Stack {
  readonly #parameters: Parameters;
  readonly #conditions: Conditions;

  constructor(scope: Construct, id: string, props: PosternProps) {
    super(scope, id, {
      terminationProtection: true, ...props,
      description: "Postern, an OAuth 2.1 and OpenID Connect authorization server, in one region.",
    });
    this.#parameters = parameters(this, props.label);
    this.#conditions = conditions(this);
    this.#tables();
    this.#keys();
    const front = this.#frontDoor();
    const functions = Object.entries(contract.functions).map(([name, rights]) =>
      this.#function(name, rights, join(props.artifacts, name), front),
    );
    this.#queues();
    this.#routes(front, functions);
    this.#domain(front);
    new Watch(this, functions, this.#conditions);
    this.#outputs();
  }

  #tables(): void {
    const key = (name: string, keyType: string) => ({ attributeName: name, keyType });
    const text = (name: string) => ({ attributeName: name, attributeType: "S" });
    for (const [id, names] of [["ConfigTable", ["pk", "sk"]], ["UsersTable", ["pk", "sk"]], ["FlowTable", ["pk"]]] as const) {
      const table = kept(new dynamodb.CfnTable(this, id, {
        billingMode: "PAY_PER_REQUEST",
        pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
        attributeDefinitions: names.map(text),
        keySchema: names.map((name, at) => key(name, at === 0 ? "HASH" : "RANGE")),
        ...(id === "FlowTable" ? { timeToLiveSpecification: { attributeName: "ttl", enabled: true } } : {}),
      }));
      table.addPropertyOverride("DeletionProtectionEnabled", ifElse("ProtectsTables", true, false));
      table.addPropertyOverride("SSESpecification", ifElse(
        "HasTableKey",
        { SSEEnabled: true, SSEType: "KMS", KMSMasterKeyId: { Ref: "TableKeyArn" } },
        { Ref: "AWS::NoValue" },
      ));
    }
  }

  #keys(): void {
    for (const [id, use] of [["FirstSigningKey", "signs"], ["SecondSigningKey", "is published as the next one"]] as const) {
      const key = kept(new kms.CfnKey(this, id, {
        description: Fn.sub(`Postern \${RegionLabel}, a key that ${use}`),
        keySpec: this.#parameters.signingKeySpec.valueAsString,
        keyUsage: "SIGN_VERIFY",
        pendingWindowInDays: 30,
        // IAM roles decide, but nobody except the signing functions may sign: not even an administrator.
        keyPolicy: {
          Version: "2012-10-17",
          Statement: [ROLES_DECIDE, {
            Sid: "OnlyFunctionsThatSignDo", Effect: "Deny", Principal: "*", Action: "kms:Sign", Resource: "*",
            Condition: { StringNotEquals: { "aws:PrincipalArn": roles(signers) } },
          }],
        },
      }));
      key.cfnOptions.condition = this.#conditions.ownSigningKeys;
    }
    const decrypting = { Effect: "Deny", Principal: "*", Action: ["kms:Decrypt", "kms:ReEncryptFrom"], Resource: "*" };
    const sealing = kept(new kms.CfnKey(this, "SealingKey", {
      description: Fn.sub("Postern ${RegionLabel}, for sealing"),
      // Its ciphertexts stay bound to it, and KMS cannot turn an existing key into a multi-region key.
      multiRegion: true,
      enableKeyRotation: true,
      pendingWindowInDays: 30,
      // IAM roles decide, but only the functions that have to may decrypt, and the administrator, who seals the secrets in
      // workspace files: decrypting a wrapped signing key would allow signing. Re-encrypting under another key amounts to
      // decrypting.
      keyPolicy: {
        Version: "2012-10-17",
        Statement: [
          ROLES_DECIDE,
          {
            Sid: "OnlyFunctionsAndTheAdministratorDecrypt", ...decrypting,
            Condition: { StringNotEquals: { "aws:PrincipalArn": [...roles(decrypters), { Ref: "AdministratorArn" }] } },
          },
          {
            Sid: "TheAdministratorDecryptsForSecretsOnly", ...decrypting,
            Condition: {
              StringEquals: { "aws:PrincipalArn": { Ref: "AdministratorArn" } },
              StringNotEquals: { "kms:EncryptionContext:purpose": ["client-secret", "upstream-secret"] },
            },
          },
        ],
      },
    }));
    sealing.cfnOptions.condition = this.#conditions.ownSealingKey;
  }

  #frontDoor(): api.CfnApi {
    const front = new api.CfnApi(this, "Api", {
      name: Aws.STACK_NAME, description: Fn.sub("Postern ${RegionLabel}"), protocolType: "HTTP",
    });
    front.addPropertyOverride("DisableExecuteApiEndpoint", ifElse("HasDomain", true, false));
    return front;
  }

  #function(name: string, rights: FunctionContract, artifact: string, front: api.CfnApi): Deployed {
    const logGroup = passing(new logs.CfnLogGroup(this, `${capital(name)}Logs`, {
      logGroupName: Fn.sub(`/aws/lambda/\${AWS::StackName}-${name}`),
      retentionInDays: this.#parameters.logRetentionDays.valueAsNumber,
    }));
    const role = new iam.CfnRole(this, `${capital(name)}Role`, {
      assumeRolePolicyDocument: {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
      },
    });
    const policy = new iam.CfnPolicy(this, `${capital(name)}Policy`, {
      policyName: "postern",
      roles: [role.ref],
      policyDocument: { Version: "2012-10-17", Statement: statements(rights, `${capital(name)}Logs`) },
    });
    const code = new Asset(this, `${capital(name)}Code`, { path: artifact });
    const values: Record<string, unknown> = {
      PUBLIC_URL, REGION_LABEL: { Ref: "RegionLabel" }, CONFIG_TABLE: { Ref: "ConfigTable" },
      USERS_TABLE: { Ref: "UsersTable" }, FLOW_TABLE: { Ref: "FlowTable" },
      SEALING_KEY_ARN: SEALING_KEY, SIGNING_KEY_ARNS: SIGNING_KEYS,
      LOGOUT_QUEUE_URL: { Ref: "LogoutQueue" }, MAIL_QUEUE_URL: { Ref: "MailQueue" },
    };
    const target = new lambda.CfnFunction(this, `${capital(name)}Function`, {
      functionName: Fn.sub(`\${AWS::StackName}-${name}`),
      runtime: "provided.al2023",
      handler: "bootstrap",
      code: { s3Bucket: code.s3BucketName, s3Key: code.s3ObjectKey },
      architectures: [this.#parameters.architecture.valueAsString],
      memorySize: this.#parameters.memorySize.valueAsNumber,
      timeout: 10,
      role: role.attrArn,
      loggingConfig: {
        logFormat: "JSON", applicationLogLevel: "INFO", systemLogLevel: "INFO", logGroup: logGroup.ref,
      },
    });
    target.addPropertyOverride("Environment.Variables", Object.fromEntries(
      rights.environment.map((variable) => [variable, values[variable]]),
    ));
    target.addDependency(policy);
    if (contract.routes.some((route) => route.function === name)) {
      this.#reached(name, front);
    }
    return { name, target, logGroup };
  }

  /** The queues, each with its dead-letter queue: logout notifications, one message per client, and mail, which is sealed. */
  #queues(): void {
    this.#queue("Logout", 345_600, 1_209_600);
    this.#consumed("Logout", "Notify");
    this.#queue("Mail", 14_400, 345_600);
    // Without an identity nothing is polled, and nothing costs.
    this.#consumed("Mail", "Mail").addPropertyOverride("Enabled", ifElse("SendsMail", true, false));
  }

  #queue(name: string, messageRetentionPeriod: number, asideRetentionPeriod: number): void {
    const queues = [
      new sqs.CfnQueue(this, `${name}Queue`, {
        sqsManagedSseEnabled: true,
        messageRetentionPeriod,
        // Six times the function timeout, as recommended for Lambda.
        visibilityTimeout: 60,
        redrivePolicy: { deadLetterTargetArn: attribute(`${name}DeadLetters`, "Arn"), maxReceiveCount: 8 },
      }),
      new sqs.CfnQueue(this, `${name}DeadLetters`, {
        sqsManagedSseEnabled: true, messageRetentionPeriod: asideRetentionPeriod,
      }),
    ];
    // A policy per queue: SQS rejects one that names two queues.
    for (const queue of queues) {
      new sqs.CfnQueuePolicy(this, `${queue.node.id}Policy`, {
        queues: [queue.ref],
        policyDocument: {
          Version: "2012-10-17",
          Statement: [{
            Sid: "OnlyOverTls", Effect: "Deny", Principal: "*", Action: "sqs:*", Resource: queue.attrArn,
            Condition: { Bool: { "aws:SecureTransport": "false" } },
          }],
        },
      });
    }
  }

  /** One message at a time, so that none waits for another. */
  #consumed(name: string, consumer: string): lambda.CfnEventSourceMapping {
    const source = new lambda.CfnEventSourceMapping(this, `${consumer}Source`, {
      eventSourceArn: Fn.getAtt(`${name}Queue`, "Arn").toString(),
      functionName: `${consumer}Function`,
      batchSize: 1,
      functionResponseTypes: ["ReportBatchItemFailures"],
      scalingConfig: { maximumConcurrency: 10 },
    });
    source.addPropertyOverride("FunctionName", target(`${consumer}Function`));
    source.addDependency(this.node.findChild(`${consumer}Policy`) as CfnResource);
    return source;
  }

  /** The integration of the API with a function or its alias. */
  #reached(name: string, front: api.CfnApi): void {
    const uri = target(`${capital(name)}Function`);
    const integration = new api.CfnIntegration(this, `${capital(name)}Integration`, {
      apiId: front.ref,
      integrationType: "AWS_PROXY",
      integrationMethod: "POST",
      payloadFormatVersion: "2.0",
      timeoutInMillis: 12_000,
    });
    integration.addPropertyOverride("IntegrationUri", uri);
    const permission = new lambda.CfnPermission(this, `${capital(name)}Permission`, {
      action: "lambda:InvokeFunction",
      functionName: `${capital(name)}Function`,
      principal: "apigateway.amazonaws.com",
      sourceArn: Fn.sub("arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*"),
    });
    permission.addPropertyOverride("FunctionName", uri);
  }

  #routes(front: api.CfnApi, functions: Deployed[]): void {
    const limits = this.#parameters;
    const narrow = (rate: CfnParameter, burst: CfnParameter) => ({
      ThrottlingRateLimit: rate.valueAsNumber,
      ThrottlingBurstLimit: burst.valueAsNumber,
    });
    const special: Record<string, object> = {
      "POST /{tenant}/{workspace}/login": narrow(limits.loginRateLimit, limits.loginBurstLimit),
      "POST /{tenant}/{workspace}/login/recovery": narrow(limits.loginRateLimit, limits.loginBurstLimit),
      "POST /{tenant}/{workspace}/oauth2/token": narrow(limits.tokenRateLimit, limits.tokenBurstLimit),
      "POST /login": narrow(limits.loginRateLimit, limits.loginBurstLimit),
      "POST /login/recovery": narrow(limits.loginRateLimit, limits.loginBurstLimit),
      "POST /oauth2/token": narrow(limits.tokenRateLimit, limits.tokenBurstLimit),
    };
    // Below /aws/vendedlogs/, because other names need an entry in the account's log delivery policy, whose size is limited.
    const accessLogs = passing(new logs.CfnLogGroup(this, "AccessLogs", {
      logGroupName: Fn.sub("/aws/vendedlogs/apigateway/${AWS::StackName}"),
      retentionInDays: limits.logRetentionDays.valueAsNumber,
    }));
    const stage = new api.CfnStage(this, "Stage", {
      apiId: front.ref,
      stageName: "$default",
      autoDeploy: true,
      defaultRouteSettings: {
        throttlingRateLimit: limits.rateLimit.valueAsNumber,
        throttlingBurstLimit: limits.burstLimit.valueAsNumber,
      },
      routeSettings: special,
      // The route instead of the path, and no query: URLs contain interactions and codes.
      accessLogSettings: { destinationArn: accessLogs.attrArn, format: ACCESS_LOG },
    });
    for (const route of contract.routes) {
      if (!functions.some(({ name }) => name === route.function)) {
        throw new Error(`${route.path} leads to ${route.function}, which is no function`);
      }
      const key = `${route.method} ${route.path}`;
      const made = new api.CfnRoute(this, routeId(route), {
        apiId: front.ref,
        routeKey: key,
        target: Fn.sub(`integrations/\${${capital(route.function)}Integration}`),
      });
      // Throttling of single routes requires the routes to exist.
      if (key in special) {
        stage.addDependency(made);
      }
    }
  }

  #domain(front: api.CfnApi): void {
    const { certificateArn, domainName, hostedZoneId } = this.#parameters;
    const domain = new api.CfnDomainName(this, "Domain", {
      domainName: domainName.valueAsString,
      domainNameConfigurations: [{
        certificateArn: certificateArn.valueAsString, endpointType: "REGIONAL", securityPolicy: "TLS_1_2",
      }],
    });
    const mapping = new api.CfnApiMapping(this, "DomainMapping", {
      apiId: front.ref, domainName: domain.ref, stage: Fn.ref("Stage"),
    });
    const record = new route53.CfnRecordSet(this, "DomainRecord", {
      hostedZoneId: hostedZoneId.valueAsString,
      name: domainName.valueAsString,
      type: "A",
      aliasTarget: { dnsName: domain.attrRegionalDomainName, hostedZoneId: domain.attrRegionalHostedZoneId },
    });
    domain.cfnOptions.condition = this.#conditions.hasDomain;
    mapping.cfnOptions.condition = this.#conditions.hasDomain;
    record.cfnOptions.condition = this.#conditions.hasZone;
  }

  #outputs(): void {
    const output = (id: string, value: unknown, description?: string, condition?: CfnCondition) =>
      new CfnOutput(this, id, { value: value as string, description, condition });
    const { hasDomain, ownSigningKeys } = this.#conditions;
    output("PublicUrl", PUBLIC_URL, "Where browsers and clients reach this server.");
    output("Issuer", join_("${Url}/default/demo", { Url: PUBLIC_URL }),
      "The issuer of the workspace default/demo; those of other workspaces are formed likewise.");
    output("DiscoveryUrl", join_("${Url}/default/demo/.well-known/openid-configuration", { Url: PUBLIC_URL }),
      "The URL to configure in client libraries.");
    output("ApiId", { Ref: "Api" }, "The HTTP API.");
    output("RegionalDomainName", attribute("Domain", "RegionalDomainName"),
      "The target that the domain name has to point to.", hasDomain);
    output("RegionalHostedZoneId", attribute("Domain", "RegionalHostedZoneId"),
      "The zone of RegionalDomainName, for alias records.", hasDomain);
    for (const table of ["ConfigTable", "UsersTable", "FlowTable"]) {
      output(`${table}Name`, { Ref: table });
    }
    output("SealingKeyArn", SEALING_KEY, "The key for sealing; the primary key for its replicas.");
    output("SealingRoleArns", { "Fn::Join": [",", roles(decrypters)] },
      "The roles that decrypt with the key for sealing, for the policies of its replicas.");
    output("SigningRoleArns", { "Fn::Join": [",", roles(signers)] },
      "The roles that sign, for the policies of further signing keys.");
    output("FirstSigningKeyArn", attribute("FirstSigningKey", "Arn"), undefined, ownSigningKeys);
    output("SecondSigningKeyArn", attribute("SecondSigningKey", "Arn"), undefined, ownSigningKeys);
    output("AlarmTopicName", ifElse("OwnTopic", { Ref: "AlarmTopic" }, { Ref: "AlarmTopicArn" }),
      "Subscribe to it to be notified of alarms.");
    output("AdminEnvironment", join_(ADMIN_ENVIRONMENT, { Url: PUBLIC_URL, Sealing: SEALING_KEY, Keys: SIGNING_KEYS }),
      "Export it, and credentials, before `postern apply` and `postern keys`.");
  }
}

const ADMIN_ENVIRONMENT =
  "PUBLIC_URL=${Url} REGION_LABEL=${RegionLabel} AWS_REGION=${AWS::Region} CONFIG_TABLE=${ConfigTable} " +
  "USERS_TABLE=${UsersTable} FLOW_TABLE=${FlowTable} SEALING_KEY_ARN=${Sealing} SIGNING_KEY_ARNS=${Keys}";

const ACCESS_LOG =
  '{"requestId":"$context.requestId","time":"$context.requestTimeEpoch","ip":"$context.identity.sourceIp", ' +
  '"route":"$context.routeKey","status":"$context.status","latency":"$context.responseLatency", ' +
  '"integrationStatus":"$context.integrationStatus","integrationLatency":"$context.integrationLatency", ' +
  '"error":"$context.error.responseType"}';

/** The roles of these functions. */
const roles = (names: string[]): unknown[] => names.map((name) => attribute(`${capital(name)}Role`, "Arn"));

/** The exact permissions of a role: each statement comes from the contract. */
function statements(rights: FunctionContract, logGroup: string): object[] {
  const written = {
    Effect: "Allow", Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: sub(`\${${logGroup}.Arn}:*`),
  };
  const tables = { config: "ConfigTable", users: "UsersTable", flow: "FlowTable" };
  const items = rights.dynamodb.map(({ table, action, kinds }) => ({
    Effect: "Allow",
    Action: `dynamodb:${action}`,
    Resource: attribute(tables[table], "Arn"),
    Condition: {
      "ForAllValues:StringLike": { "dynamodb:LeadingKeys": kinds.map((kind) => `${kind}#*`) },
      Null: { "dynamodb:LeadingKeys": "false" },
    },
  }));
  const keys = rights.kms.map(({ key, action, purposes }) => {
    const Resource = key === "signing" ? { "Fn::Split": [",", SIGNING_KEYS] } : SEALING_KEY;
    const right = { Effect: "Allow", Action: `kms:${action}`, Resource };
    if (action === "Sign") {
      return {
        ...right,
        Condition: {
          StringEquals: {
            "kms:MessageType": "DIGEST",
            "kms:SigningAlgorithm": ["RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PSS_SHA_256", "ECDSA_SHA_256"],
          },
        },
      };
    }
    return purposes === undefined
      ? right
      : { ...right, Condition: { StringEquals: { "kms:EncryptionContext:purpose": purposes } } };
  });
  const queues = { logout: "LogoutQueue", mail: "MailQueue" };
  const messages = (rights.sqs ?? []).map(({ queue, actions }) => ({
    Effect: "Allow", Action: actions.map((action) => `sqs:${action}`), Resource: attribute(queues[queue], "Arn"),
  }));
  const identities = { "Fn::Split": [",", { Ref: "MailIdentityArns" }] };
  const mail = (rights.ses ?? []).map((action) => `ses:${action}`);
  const sending = mail.length === 0
    ? []
    : [ifElse("SendsMail", { Effect: "Allow", Action: mail, Resource: identities }, { Ref: "AWS::NoValue" }) as object];
  return [written, ...items, ...keys, ...messages, ...sending];
}
