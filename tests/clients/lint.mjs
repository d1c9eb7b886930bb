// Prints what the linter has against an OpenAPI description, a line each: node lint.mjs FILE
import { createConfig, lint } from "@redocly/openapi-core";

// The strict rules, without one: the description of a service names no licence of its own.
const config = await createConfig({ extends: ["recommended-strict"], rules: { "info-license": "off" } });
for (const problem of await lint({ ref: process.argv[2], config })) {
  console.log(`${problem.ruleId} at ${problem.location[0]?.pointer}: ${problem.message}`);
}
