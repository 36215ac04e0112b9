// The contract of the functions in infra/contract.json, derived from their code, so that nothing here can drift from
// it.
import { readFileSync } from "node:fs";

export interface DynamoDbRight {
  table: "config" | "users" | "flow";
  action: string;
  kinds: string[];
}

export interface KmsRight {
  key: "signing" | "sealing";
  action: string;
  purposes?: string[];
}

export interface SqsRight {
  queue: "logout" | "mail";
  actions: string[];
}

export interface FunctionContract {
  environment: string[];
  dynamodb: DynamoDbRight[];
  kms: KmsRight[];
  sqs?: SqsRight[];
  ses?: string[];
}

export interface Route {
  method: string;
  path: string;
  function: string;
}

export interface Contract {
  functions: Record<string, FunctionContract>;
  routes: Route[];
}

export const contract: Contract = JSON.parse(
  readFileSync(new URL("../../../contract.json", import.meta.url), "utf8"),
);

/** The functions that sign. */
export const signers: string[] = ["token", "userinfo", "introspect", "notify"].filter(
  (name) => contract.functions[name]?.kms.some(({ action }) => action === "Sign"),
);

/** The functions that decrypt with the sealing key. */
export const decrypters: string[] = Object.entries(contract.functions)
  .filter(([, { kms }]) => kms.some(({ key }) => key === "sealing"))
  .map(([name]) => name);

/** `Token`, for `token`. */
export const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** The logical id of a route, the same as in the SAM template. */
export function routeId({ method, path }: Route): string {
  const words = path.split("/").filter((part) => part !== "" && !part.startsWith("{"));
  const name = words
    .map((word) => word.replaceAll(".", "").split("-").map((part) => capital(part.toLowerCase())).join(""))
    .join("");
  const ofDomain = path.includes("{tenant}") ? "" : "AtDomain";
  const place = path.startsWith("/.well-known") && ofDomain === "" ? "AtRoot" : ofDomain;
  return `${name}${place}${capital(method.toLowerCase())}Route`;
}
