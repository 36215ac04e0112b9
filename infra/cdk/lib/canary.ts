// The stack of infra/sam/canary.yaml: shifts traffic gradually from one version of the functions to the next.
import { CfnParameter, Fn, Stack, type StackProps } from "aws-cdk-lib";
import * as codedeploy from "aws-cdk-lib/aws-codedeploy";
import * as iam from "aws-cdk-lib/aws-iam";
import * as lambda from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";

import { capital, contract } from "./contract.js";

const ACCOUNT = { "aws:SourceAccount": { Ref: "AWS::AccountId" } };
const FUNCTION = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${ServerStack}";

export interface CanaryProps extends StackProps {
  /** The name of the server's stack. */
  server: string;
}

export class CanaryStack extends Stack {
  constructor(scope: Construct, id: string, props: CanaryProps) {
    super(scope, id, {
      terminationProtection: true, ...props, description: "Shifts the traffic of a Postern stack gradually.",
    });
    const functions = Object.keys(contract.functions);
    this.#parameters(props.server, functions);
    const application = new codedeploy.CfnApplication(this, "Application", {
      applicationName: Fn.ref("ServerStack"), computePlatform: "Lambda",
    });
    const [role, policy] = this.#role(functions);
    for (const name of functions) {
      const group = this.#group(name, application, role);
      group.addDependency(policy);
      const alias = new lambda.CfnAlias(this, `${capital(name)}Alias`, {
        functionName: Fn.sub(`\${ServerStack}-${name}`),
        functionVersion: Fn.ref(`${capital(name)}Version`),
        name: Fn.ref("TrafficAlias"),
      });
      alias.cfnOptions.updatePolicy = {
        codeDeployLambdaAliasUpdate: { applicationName: application.ref, deploymentGroupName: group.ref },
      };
    }
  }

  #parameters(server: string, functions: string[]): void {
    const text = (id: string, allowedPattern: string, description: string, fallback?: string) =>
      new CfnParameter(this, id, { type: "String", allowedPattern, description, default: fallback });
    text("ServerStack", "[a-zA-Z][a-zA-Z0-9-]{0,50}", "The name of the server's stack.", server);
    text("TrafficAlias", "[a-zA-Z][a-zA-Z0-9_-]{0,30}", "The alias of every function.", "live");
    text("DeploymentConfig", "CodeDeployDefault\\.Lambda[A-Za-z0-9]+", "How traffic is shifted.",
      "CodeDeployDefault.LambdaCanary10Percent10Minutes");
    for (const name of functions) {
      text(`${capital(name)}Version`, "[1-9][0-9]*", `The published version of ${name} that is to serve.`);
    }
  }

  #role(functions: string[]): [iam.CfnRole, iam.CfnPolicy] {
    const role = new iam.CfnRole(this, "ShiftingRole", {
      assumeRolePolicyDocument: {
        Version: "2012-10-17",
        Statement: [{
          Effect: "Allow", Principal: { Service: "codedeploy.amazonaws.com" }, Action: "sts:AssumeRole",
          Condition: { StringEquals: ACCOUNT },
        }],
      },
    });
    const policy = new iam.CfnPolicy(this, "ShiftingPolicy", {
      policyName: "shifting",
      roles: [role.ref],
      policyDocument: {
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Action: ["lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"],
            Resource: functions.flatMap((name) => [Fn.sub(`${FUNCTION}-${name}`), Fn.sub(`${FUNCTION}-${name}:*`)]),
          },
          // Alarms are looked up by name; CloudWatch has no narrower permission for that.
          { Effect: "Allow", Action: "cloudwatch:DescribeAlarms", Resource: "*" },
        ],
      },
    });
    return [role, policy];
  }

  #group(name: string, application: codedeploy.CfnApplication, role: iam.CfnRole): codedeploy.CfnDeploymentGroup {
    return new codedeploy.CfnDeploymentGroup(this, `${capital(name)}Group`, {
      applicationName: application.ref,
      deploymentGroupName: name,
      serviceRoleArn: role.attrArn,
      deploymentConfigName: Fn.ref("DeploymentConfig"),
      deploymentStyle: { deploymentType: "BLUE_GREEN", deploymentOption: "WITH_TRAFFIC_CONTROL" },
      alarmConfiguration: {
        enabled: true,
        alarms: [{ name: Fn.sub(`\${ServerStack}-${name}-errors`) }, { name: Fn.sub("${ServerStack}-server-errors") }],
      },
      autoRollbackConfiguration: {
        enabled: true, events: ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"],
      },
    });
  }
}
