// Monitoring: alarms, metrics derived from log lines, an event for endangered keys, and the dashboard.
import { Fn, type Stack, Token } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import * as events from "aws-cdk-lib/aws-events";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import * as sns from "aws-cdk-lib/aws-sns";

import { capital } from "./contract.js";
import { type Conditions, SEALING_KEY } from "./parameters.js";

const TOPIC = { "Fn::If": ["OwnTopic", { Ref: "AlarmTopic" }, { Ref: "AlarmTopicArn" }] };
const OWN_METRICS = "Postern/${AWS::StackName}";

type AlarmProps = Omit<cloudwatch.CfnAlarmProps, "alarmName" | "alarmDescription" | "comparisonOperator">;

/** The resources of a function that others refer to. */
export interface Deployed {
  name: string;
  target: lambda.CfnFunction;
  logGroup: logs.CfnLogGroup;
}

export class Watch {
  readonly #stack: Stack;

  constructor(stack: Stack, functions: Deployed[], conditions: Conditions) {
    this.#stack = stack;
    this.#topic(conditions);
    for (const { name } of functions) {
      this.#functionAlarm(name, "Errors", `The function ${name} ended without a response. docs/operating.md says what to do.`);
      this.#functionAlarm(name, "Throttles",
        `Lambda refused to run ${name}, which has reached the account's concurrency.`);
    }
    this.#counted("CodesReplayed", "TokenLogs", "a code was replayed: its grant is revoked", "codes-replayed",
      "A code was used twice with the right verifier; its grant was revoked.");
    this.#counted("RefreshTokensReused", "TokenLogs", "a refresh token was reused: its grant is revoked",
      "refresh-tokens-reused",
      "A refresh token was used again after its successor was used; its grant was revoked.");
    this.#counted("SigningTakeovers", "TokenLogs", "the current signing key cannot sign: the next one took over",
      "signing-takeovers", "The current signing key cannot sign. The next one has taken over.");
    this.#counted("UserCodesGuessed", "LoginLogs",
      "user codes are being guessed in this workspace: every account is slowed down", "user-codes-guessed",
      "More than a thousand wrong user codes were entered in an hour in one workspace.");
    this.#failedLogins();
    this.#gateway();
    for (const table of ["Config", "Users", "Flow"]) {
      this.#tableAlarm(table);
    }
    this.#signingRate();
    this.#queues();
    this.#endangered();
    this.#undelivered();
    this.#dashboard(functions);
  }

  #alarm(id: string, suffix: string, description: string, props: AlarmProps): void {
    const alarm = new cloudwatch.CfnAlarm(this.#stack, id, {
      alarmName: Fn.sub(`\${AWS::StackName}-${suffix}`),
      alarmDescription: description,
      comparisonOperator: "GreaterThanOrEqualToThreshold",
      treatMissingData: "notBreaching",
      ...props,
    });
    alarm.addPropertyOverride("AlarmActions", [TOPIC]);
  }

  #topic({ ownTopic }: Conditions): void {
    const topic = new sns.CfnTopic(this.#stack, "AlarmTopic", { displayName: Fn.sub("Postern ${RegionLabel}") });
    const policy = new sns.CfnTopicPolicy(this.#stack, "AlarmTopicPolicy", {
      topics: [topic.ref],
      policyDocument: {
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "AlarmsOfThisAccount",
            Effect: "Allow",
            Principal: { Service: "cloudwatch.amazonaws.com" },
            Action: "sns:Publish",
            Resource: topic.ref,
            Condition: { StringEquals: { "aws:SourceAccount": Fn.ref("AWS::AccountId") } },
          },
          // EventBridge sets no condition keys for a topic policy: a condition would block all its messages.
          {
            Sid: "Events",
            Effect: "Allow",
            Principal: { Service: "events.amazonaws.com" },
            Action: "sns:Publish",
            Resource: topic.ref,
          },
        ],
      },
    });
    topic.cfnOptions.condition = ownTopic;
    policy.cfnOptions.condition = ownTopic;
  }

  #functionAlarm(name: string, metric: string, description: string): void {
    this.#alarm(`${capital(name)}${metric}Alarm`, `${name}-${metric.toLowerCase()}`, description, {
      namespace: "AWS/Lambda",
      metricName: metric,
      dimensions: [{ name: "FunctionName", value: Fn.ref(`${capital(name)}Function`) }],
      statistic: "Sum", period: 60, evaluationPeriods: 1, threshold: 1,
    });
  }

  /** Log lines each of which should raise an alarm. */
  #counted(metric: string, group: string, line: string, suffix: string, description: string): void {
    this.#lines(metric, group, line);
    this.#alarm(`${metric}Alarm`, suffix, description, {
      namespace: Fn.sub(OWN_METRICS), metricName: metric,
      statistic: "Sum", period: 60, evaluationPeriods: 1, threshold: 1,
    });
  }

  /** Limits by user and by address see no attack that spreads over both. */
  #failedLogins(): void {
    this.#lines("LoginsFailed", "LoginLogs", "a login with a password failed");
    this.#alarm("LoginsFailedAlarm", "logins-failed",
      "More logins with a password failed in five minutes than FailedLogins allows: passwords of many users may be tried.", {
        namespace: Fn.sub(OWN_METRICS), metricName: "LoginsFailed",
        statistic: "Sum", period: 300, evaluationPeriods: 1, threshold: Token.asNumber({ Ref: "FailedLogins" }),
      });
  }

  #lines(metric: string, group: string, line: string): void {
    new logs.CfnMetricFilter(this.#stack, metric, {
      logGroupName: Fn.ref(group),
      filterPattern: `{ $.message = "${line}" }`,
      metricTransformations: [
        { metricNamespace: Fn.sub(OWN_METRICS), metricName: metric, metricValue: "1", defaultValue: 0 },
      ],
    });
  }

  #gateway(): void {
    this.#alarm("TokenLatencyAlarm", "token-latency",
      "One token request in a hundred takes longer than two seconds.", {
        namespace: "AWS/Lambda", metricName: "Duration",
        dimensions: [{ name: "FunctionName", value: Fn.ref("TokenFunction") }],
        extendedStatistic: "p99", period: 300, evaluationPeriods: 2, threshold: 2000,
      });
    const dimensions = [{ name: "ApiId", value: Fn.ref("Api") }];
    this.#alarm("ServerErrorsAlarm", "server-errors", "Requests are answered with 5xx.", {
      namespace: "AWS/ApiGateway", metricName: "5xx", dimensions,
      statistic: "Sum", period: 60, evaluationPeriods: 3, threshold: 5,
    });
    this.#alarm("LatencyAlarm", "latency", "One request in a hundred takes longer than three seconds.", {
      namespace: "AWS/ApiGateway", metricName: "Latency", dimensions,
      extendedStatistic: "p99", period: 300, evaluationPeriods: 2, threshold: 3000,
    });
  }

  #tableAlarm(table: string): void {
    const operations = ["GetItem", "PutItem", "UpdateItem"].map((operation) => ({
      id: operation.toLowerCase(),
      returnData: false,
      metricStat: {
        metric: {
          namespace: "AWS/DynamoDB",
          metricName: "ThrottledRequests",
          dimensions: [
            { name: "TableName", value: Fn.ref(`${table}Table`) },
            { name: "Operation", value: operation },
          ],
        },
        period: 60,
        stat: "Sum",
      },
    }));
    this.#alarm(`${table}TableThrottlesAlarm`, `${table.toLowerCase()}-table-throttles`,
      `DynamoDB throttles requests to the table ${table.toLowerCase()}.`, {
        metrics: [
          { id: "throttled", expression: "SUM(METRICS())", label: "Throttled requests", returnData: true },
          ...operations,
        ],
        evaluationPeriods: 2, threshold: 1,
      });
  }

  #signingRate(): void {
    const family = Fn.conditionIf("SignsWithRsa", "CryptographicOperationsRsa", "CryptographicOperationsEcc");
    this.#alarm("SigningRateAlarm", "signing-rate",
      "Signatures have reached seventy percent of what KMS allows per second. Ask for more.", {
        metrics: [
          {
            id: "share", expression: Fn.sub("100 * calls / 60 / ${KmsSignQuota}"), label: "Percent of the quota",
            returnData: true,
          },
          {
            id: "calls",
            returnData: false,
            metricStat: {
              metric: {
                namespace: "AWS/Usage",
                metricName: "CallCount",
                dimensions: [
                  { name: "Service", value: "KMS" },
                  { name: "Type", value: "API" },
                  { name: "Resource", value: family.toString() },
                  { name: "Class", value: "None" },
                ],
              },
              period: 60,
              stat: "Sum",
            },
          },
        ],
        evaluationPeriods: 3, threshold: 70,
      });
  }

  #queues(): void {
    this.#queue("Logout", 900, "Clients wait longer than a quarter of an hour to be notified of a logout. Notify does not keep up.",
      "A client could not be notified of a logout in any of the attempts.");
    this.#queue("Mail", 300, "Mail waits longer than five minutes. The function mail does not keep up, or MailIdentityArns is empty.",
      "A message could not be sent in any of the attempts.");
  }

  #queue(name: string, threshold: number, old: string, aside: string): void {
    const dimensions = (queue: string) => [{ name: "QueueName", value: Fn.getAtt(queue, "QueueName").toString() }];
    this.#alarm(`${name}QueueAgeAlarm`, `${name.toLowerCase()}-queue-age`, old, {
      namespace: "AWS/SQS", metricName: "ApproximateAgeOfOldestMessage", dimensions: dimensions(`${name}Queue`),
      statistic: "Maximum", period: 300, evaluationPeriods: 1, threshold,
    });
    this.#alarm(`${name}DeadLettersAlarm`, `${name.toLowerCase()}-dead-letters`, aside, {
      namespace: "AWS/SQS", metricName: "ApproximateNumberOfMessagesVisible", dimensions: dimensions(`${name}DeadLetters`),
      statistic: "Maximum", period: 300, evaluationPeriods: 1, threshold: 1,
    });
  }

  /**
   * CloudTrail reports it within minutes: a key that is disabled or scheduled for deletion can be recovered. A replica
   * has any policy its creator gives it.
   */
  #endangered(): void {
    const arn = (key: string) => ({ "Fn::GetAtt": [key, "Arn"] });
    const rule = new events.CfnRule(this.#stack, "KeyEndangered", {
      description: "A key of Postern was disabled, scheduled for deletion, replicated, or its policy was changed.",
      eventPattern: {
        source: ["aws.kms"],
        "detail-type": ["AWS API Call via CloudTrail"],
        detail: {
          eventSource: ["kms.amazonaws.com"],
          eventName: ["DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy", "ReplicateKey"],
          resources: {
            ARN: {
              "Fn::If": [
                "OwnSigningKeys",
                [SEALING_KEY, arn("FirstSigningKey"), arn("SecondSigningKey")],
                [SEALING_KEY],
              ],
            },
          },
        },
      },
      targets: [{ id: "alarms", arn: "" }],
    });
    rule.addPropertyOverride("Targets", [{ Id: "alarms", Arn: TOPIC }]);
  }

  /** Undelivered notifications, reported to the remaining subscribers. */
  #undelivered(): void {
    this.#alarm("UndeliveredEventsAlarm", "undelivered-events",
      "The message about an endangered key could not be sent. Check the keys.", {
        namespace: "AWS/Events", metricName: "FailedInvocations",
        dimensions: [{ name: "RuleName", value: Fn.ref("KeyEndangered") }],
        statistic: "Sum", period: 60, evaluationPeriods: 1, threshold: 1,
      });
    const given = Fn.select(5, Fn.split(":", Fn.ref("AlarmTopicArn")));
    const topic = Fn.conditionIf("OwnTopic", Fn.getAtt("AlarmTopic", "TopicName"), given);
    this.#alarm("UndeliveredAlarmsAlarm", "undelivered-alarms",
      "A subscriber of the alarms could not be reached. The others receive this message.", {
        namespace: "AWS/SNS", metricName: "NumberOfNotificationsFailed",
        dimensions: [{ name: "TopicName", value: topic.toString() }],
        statistic: "Sum", period: 60, evaluationPeriods: 1, threshold: 1,
      });
  }

  #dashboard(functions: Deployed[]): void {
    const names = functions.map(({ name }) => `\${AWS::StackName}-${name}`);
    const widget = (x: number, y: number, title: string, metrics: unknown[], stat = "Sum") => ({
      type: "metric", x, y, width: 12, height: 6,
      properties: { title, region: "${AWS::Region}", stat, period: 60, view: "timeSeries", metrics },
    });
    const widgets = [
      widget(0, 0, "Requests and errors",
        [["AWS/ApiGateway", "Count", "ApiId", "${Api}"], [".", "4xx", ".", "."], [".", "5xx", ".", "."]]),
      widget(12, 0, "Latency, 99th percentile, ms",
        [["AWS/ApiGateway", "Latency", "ApiId", "${Api}"], [".", "IntegrationLatency", ".", "."]], "p99"),
      widget(0, 6, "Duration, 99th percentile, ms",
        names.map((name) => ["AWS/Lambda", "Duration", "FunctionName", name]), "p99"),
      widget(12, 6, "Errors and throttles", names.flatMap((name) =>
        ["Errors", "Throttles"].map((metric) => ["AWS/Lambda", metric, "FunctionName", name]))),
      widget(0, 12, "Codes replayed, refresh tokens reused, signing takeovers",
        [["Postern/${AWS::StackName}", "CodesReplayed"], [".", "RefreshTokensReused"], [".", "SigningTakeovers"]]),
      widget(12, 12, "Units of the tables", ["ConfigTable", "UsersTable", "FlowTable"].flatMap((table) =>
        ["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"].map((metric) =>
          ["AWS/DynamoDB", metric, "TableName", `\${${table}}`]))),
    ];
    new cloudwatch.CfnDashboard(this.#stack, "Dashboard", {
      dashboardName: Fn.ref("AWS::StackName"),
      dashboardBody: Fn.sub(JSON.stringify({ widgets })),
    });
  }
}
