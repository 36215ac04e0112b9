// One stack for one region: `cdk deploy -c label=eu`. cdk.json says which region a label means; the account is that of
// the credentials.
import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";

import { contract } from "../lib/contract.js";
import { acknowledge } from "../lib/findings.js";
import { PosternStack } from "../lib/stack.js";

const app = new App();
const label: string = app.node.tryGetContext("label");
const place: { region: string } | undefined = app.node.tryGetContext("regions")[label];
if (place === undefined) {
  throw new Error(`cdk.json names no region for the label ${label}: give it one, or choose another with -c label=…`);
}
const stack = new PosternStack(app, `postern-${label}`, {
  label,
  artifacts: app.node.tryGetContext("artifacts"),
  env: { region: place.region, account: process.env.CDK_DEFAULT_ACCOUNT },
});
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
acknowledge(stack, Object.keys(contract.functions));
app.synth();
