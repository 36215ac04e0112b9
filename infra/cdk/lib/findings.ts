// Accepted cdk-nag findings, each with its reason.
import { type Stack, Validations } from "aws-cdk-lib";

import { capital } from "./contract.js";

const REASONS: Record<string, string> = {
  "AwsSolutions-APIG4": "An authorization server is what authorizes: its endpoints are public and do their own access control.",
  "AwsSolutions-SNS3": "The topic accepts messages from CloudWatch and EventBridge only, within AWS.",
  "CloudFormation-Validate::F3033": "The empty value is the default of a parameter, behind a condition.",
  "CloudFormation-Validate::W1001": "The references are in branches that are taken only if the resources exist.",
};

/** Acknowledges the findings, and nothing else. */
export function acknowledge(stack: Stack, functions: string[]): void {
  for (const [id, reason] of Object.entries(REASONS)) {
    Validations.of(stack).acknowledge({ id, reason });
  }
  for (const name of functions) {
    Validations.of(stack).acknowledge({
      id: `AwsSolutions-IAM5[Resource::<${capital(name)}Logs.Arn>:*]`,
      reason: "The only wildcard is the stream within the function's own log group, whose name Lambda generates.",
    });
  }
}

/** Acknowledges the findings in the stack that shifts traffic. */
export function acknowledgeShifting(stack: Stack, functions: string[]): void {
  const resource = "arn:<AWS::Partition>:lambda:<AWS::Region>:<AWS::AccountId>:function:<ServerStack>";
  for (const name of functions) {
    Validations.of(stack).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${resource}-${name}:*]`,
      reason: "The wildcard is the alias or version of the function, between which traffic is shifted.",
    });
  }
  Validations.of(stack).acknowledge({
    id: "AwsSolutions-IAM5[Resource::*]",
    reason: "Alarms are looked up by name; CloudWatch has no narrower permission for that.",
  });
}
