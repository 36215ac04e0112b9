// One stack per region: `cdk deploy -c label=eu`. cdk.json maps labels to regions; the account is that of the
// credentials. With `-c canary=true` there is a second stack, which shifts traffic gradually.
import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";

import { CanaryStack } from "../lib/canary.js";
import { contract } from "../lib/contract.js";
import { acknowledge, acknowledgeShifting } from "../lib/findings.js";
import { PosternStack } from "../lib/stack.js";

const app = new App();
const functions = Object.keys(contract.functions);
const label: string = app.node.tryGetContext("label");
const place: { region: string } | undefined = app.node.tryGetContext("regions")[label];
if (place === undefined) {
  throw new Error(`cdk.json names no region for the label ${label}: give it one, or choose another with -c label=…`);
}
const env = { region: place.region, account: process.env.CDK_DEFAULT_ACCOUNT };
const artifacts: string = app.node.tryGetContext("artifacts");
const stack = new PosternStack(app, `postern-${label}`, { label, artifacts, env });
if (app.node.tryGetContext("canary") !== undefined) {
  acknowledgeShifting(new CanaryStack(app, `postern-${label}-canary`, { server: stack.stackName, env }), functions);
}
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
acknowledge(stack, functions);
app.synth();
