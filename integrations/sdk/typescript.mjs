// Writes integrations/typescript/src/generated.ts.
import { calls, events, pageOf, types } from "./document.mjs";

const camel = (name) => name.replace(/[_-]+([a-z])/gi, (_, letter) => letter.toUpperCase()).replace(/^[A-Z]/, (letter) => letter.toLowerCase());
const pascal = (name) => name.replace(/(^|[._-])([a-z])/g, (_, __, letter) => letter.toUpperCase());
const key = (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));

function written(type, indent = "") {
  switch (type.kind) {
    case "ref":
      return type.name;
    case "enum":
      return type.values.map((value) => JSON.stringify(value)).join(" | ");
    case "list":
      return `Array<${written(type.of, indent)}>`;
    case "map":
      return `Record<string, ${written(type.of, indent)}>`;
    case "union":
      return type.of.map((part) => written(part, indent)).join(" | ");
    case "object":
      return [...type.bases, ...(type.fields.length > 0 ? [braces(type.fields, indent)] : [])].join(" & ");
    default:
      return { text: "string", whole: "number", number: "number", boolean: "boolean", null: "null", any: "unknown" }[type.kind];
  }
}

function braces(fields, indent) {
  const inner = `${indent}  `;
  const lines = fields.flatMap(({ name, type, isRequired, says }) => [
    ...remark(says, inner),
    `${inner}${key(name)}${isRequired ? "" : "?"}: ${written(type, inner)};`,
  ]);
  return `{\n${lines.join("\n")}\n${indent}}`;
}

function remark(text, indent = "") {
  if (!text) return [];
  const lines = text.split("\n");
  if (lines.length === 1) return [`${indent}/** ${lines[0]} */`];
  return [`${indent}/**`, ...lines.map((line) => `${indent} * ${line}`), `${indent} */`];
}

function method(call) {
  const name = camel(call.name);
  const hasQuery = call.query.length > 0;
  const parts = call.path.map((parameter) => `${camel(parameter.name)}: string`);
  if (call.body) parts.push(`body${call.body.isRequired ? "" : "?"}: ${call.body.type}`);
  if (hasQuery) parts.push(`query: ${pascal(call.name)}Query = {}`);
  parts.push(`options: ${call.takesKey ? "CreateOptions" : call.takesMatch ? "ChangeOptions" : "CallOptions"} = {}`);
  const route = call.route.replace(/\{(\w+)\}/g, (_, parameter) => `\${encodeURIComponent(${camel(parameter)})}`);
  const request = [
    `method: "${call.method}"`,
    `path: \`${route}\``,
    ...(hasQuery ? ["query"] : []),
    ...(call.body ? ["body"] : []),
    "options",
  ];
  const lines = [
    ...remark(call.says, "  "),
    `  ${name}(${parts.join(", ")}): Promise<${call.answer ?? "void"}> {`,
    `    return this.call({ ${request.join(", ")} });`,
    "  }",
  ];
  const page = pageOf(call);
  if (page) {
    const path = call.path.map((parameter) => `${camel(parameter.name)}: string, `).join("");
    const given = call.path.map((parameter) => `${camel(parameter.name)}, `).join("");
    lines.push(
      "",
      `  /** ${call.says.replace(/\.$/, "")}: all of them, page after page. */`,
      `  ${name.replace(/^list/, "all")}(${path}query: ${pascal(call.name)}Query = {}, options: CallOptions = {}): AsyncGenerator<${page.record}> {`,
      `    return records((cursor) => this.${name}(${given}cursor === undefined ? query : { ...query, cursor, offset: undefined }, options), (page) => page.${page.member});`,
      "  }",
    );
    if (!call.query.some((parameter) => parameter.name === "offset")) lines[lines.length - 2] = lines[lines.length - 2].replace(", offset: undefined", "");
  }
  return lines.join("\n");
}

/** The text of the file. */
export function typescript() {
  const queries = calls
    .filter((call) => call.query.length > 0)
    .map((call) => {
      const fields = call.query.map(({ name, type, says }) => ({ name, type: name === "since" || name === "updatedSince" ? { kind: "text" } : type, isRequired: false, says }));
      return `/** What \`${camel(call.name)}\` can be narrowed by. */\nexport interface ${pascal(call.name)}Query ${braces(fields, "").replaceAll("?: ", "?: undefined | ")}`;
    });
  return [
    "// Written by integrations/generate.mjs from docs/openapi.json. Please do not edit: run it again.",
    'import { records, Transport, type CallOptions, type ChangeOptions, type CreateOptions } from "./transport.js";',
    "",
    types.map(({ name, says, type }) => [...remark(says), `export type ${name} = ${written(type)};`].join("\n")).join("\n\n"),
    "",
    events
      .map(({ name, says, data }) =>
        [
          ...remark(says),
          `export interface ${pascal(name)}Event {`,
          `  event: ${JSON.stringify(name)};`,
          "  /** When it happened: milliseconds since 1970, the same at every attempt. */",
          "  timestamp: string;",
          "  /** The agent's public name. */",
          "  agentId: string;",
          `  data: ${written(data, "  ")};`,
          "}",
        ].join("\n"),
      )
      .join("\n\n"),
    "",
    "/** What a webhook brings; `event` tells which. */",
    `export type WebhookEvent = ${events.map(({ name }) => `${pascal(name)}Event`).join(" | ")};`,
    "",
    queries.join("\n\n"),
    "",
    "/** Every call of the API. */",
    "export abstract class Calls extends Transport {",
    calls.map(method).join("\n\n"),
    "}",
    "",
  ].join("\n");
}
