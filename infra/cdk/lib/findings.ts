// Accepted cdk-nag findings, each with its reason.
import { type Stack, Validations } from "aws-cdk-lib";

import { capital } from "./contract.js";

const REASONS: Record<string, string> = {
  "AwsSolutions-APIG4": "An authorization server is what authorizes: its endpoints are public, and decide themselves.",
  "AwsSolutions-SNS3": "The topic takes messages from CloudWatch and EventBridge only, within AWS.",
  "CloudFormation-Validate::F3033": "The empty value is the default of a parameter, behind a condition.",
  "CloudFormation-Validate::W1001": "The references stand in branches that are taken only where the resources are.",
};

/** Acknowledges the findings, and nothing else. */
export function acknowledge(stack: Stack, functions: string[]): void {
  for (const [id, reason] of Object.entries(REASONS)) {
    Validations.of(stack).acknowledge({ id, reason });
  }
  for (const name of functions) {
    Validations.of(stack).acknowledge({
      id: `AwsSolutions-IAM5[Resource::<${capital(name)}Logs.Arn>:*]`,
      reason: "The only wildcard is the stream within the function's own log group, whose name Lambda makes up.",
    });
  }
}

/** Acknowledges the findings in the stack that shifts traffic. */
export function acknowledgeShifting(stack: Stack, functions: string[]): void {
  const resource = "arn:<AWS::Partition>:lambda:<AWS::Region>:<AWS::AccountId>:function:<ServerStack>";
  for (const name of functions) {
    Validations.of(stack).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${resource}-${name}:*]`,
      reason: "The wildcard is the alias or version of the function, which is what is shifted.",
    });
  }
  Validations.of(stack).acknowledge({
    id: "AwsSolutions-IAM5[Resource::*]",
    reason: "Alarms are looked up by name; CloudWatch knows no narrower right for that.",
  });
}
