// docs/openapi.json, read into what both languages are written from.
import { readFileSync } from "node:fs";
import path from "node:path";

const SOURCE = path.resolve(import.meta.dirname, "../../docs/openapi.json");
const document = JSON.parse(readFileSync(SOURCE, "utf8"));

const refName = (schema) => schema.$ref?.split("/").pop();

/**
 * A schema as one of: {kind: "ref", name}, {kind: "enum", values}, {kind: "list", of}, {kind: "map", of}, {kind: "object", fields, bases},
 * {kind: "union", of}, {kind: "text" | "whole" | "number" | "boolean" | "null" | "any"}.
 */
export function read(schema) {
  if (schema.$ref) return { kind: "ref", name: refName(schema) };
  if (schema.enum) return { kind: "enum", values: schema.enum };
  if (schema.allOf) {
    const bases = schema.allOf.filter((part) => part.$ref).map(refName);
    const own = schema.allOf.filter((part) => !part.$ref).map(read);
    if (own.some((part) => part.kind !== "object")) throw new Error("an allOf of something that is no object");
    return { kind: "object", bases, fields: own.flatMap((part) => part.fields) };
  }
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) return union(choices.map(read));
  if (Array.isArray(schema.type)) return union(schema.type.map((type) => read({ ...schema, type })));
  switch (schema.type) {
    case "string":
      return { kind: "text" };
    case "integer":
      return { kind: "whole" };
    case "number":
      return { kind: "number" };
    case "boolean":
      return { kind: "boolean" };
    case "null":
      return { kind: "null" };
    case "array":
      return { kind: "list", of: read(schema.items) };
    case "object":
      if (schema.additionalProperties) return { kind: "map", of: read(schema.additionalProperties) };
      if (!schema.properties) return { kind: "map", of: { kind: "any" } };
      return {
        kind: "object",
        bases: [],
        fields: Object.entries(schema.properties).map(([name, property]) => ({
          name,
          type: read(property),
          isRequired: (schema.required ?? []).includes(name),
          says: property.description ?? "",
        })),
      };
    default:
      return { kind: "any" };
  }
}

/** Choices without doubles, nested ones laid flat. */
function union(parts) {
  const flat = parts.flatMap((part) => (part.kind === "union" ? part.of : [part]));
  const unlike = [...new Map(flat.map((part) => [JSON.stringify(part), part])).values()];
  return unlike.length === 1 ? unlike[0] : { kind: "union", of: unlike };
}

/** The named types, in the order of their names. */
export const types = Object.entries(document.components.schemas)
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([name, schema]) => ({ name, says: schema.description ?? "", type: read(schema) }));

/** The calls, in the order of the document. */
export const calls = Object.entries(document.paths).flatMap(([route, methods]) =>
  ["get", "post", "patch", "delete"]
    .filter((method) => methods[method])
    .map((method) => {
      const operation = methods[method];
      const parameters = (operation.parameters ?? []).map((parameter) => ({
        name: parameter.name,
        place: parameter.in,
        type: read(parameter.schema ?? {}),
        says: parameter.description ?? "",
      }));
      const body = operation.requestBody?.content?.["application/json"]?.schema;
      const success = Object.keys(operation.responses).find((status) => status.startsWith("2"));
      const answer = operation.responses[success].content?.["application/json"]?.schema;
      return {
        name: operation.operationId,
        method: method.toUpperCase(),
        route,
        says: operation.summary,
        path: parameters.filter(({ place }) => place === "path"),
        query: parameters.filter(({ place }) => place === "query"),
        takesKey: parameters.some(({ name }) => name === "Idempotency-Key"),
        takesMatch: parameters.some(({ name }) => name === "If-Match"),
        body: body && { type: refName(body), isRequired: operation.requestBody.required === true },
        answer: answer && refName(answer),
      };
    }),
);

/** The pages that go on by a cursor: the type of the answer, and which of its members is the list. */
export function pageOf(call) {
  const answer = types.find(({ name }) => name === call.answer)?.type;
  if (answer?.kind !== "object" || !call.query.some(({ name }) => name === "cursor")) return null;
  const list = answer.fields.find(({ type }) => type.kind === "list");
  return { member: list.name, record: list.type.of.name };
}

/** The events with the type of their `data`. */
export const events = Object.entries(document.webhooks).map(([name, { post }]) => ({
  name,
  says: post.summary,
  data: read(post.requestBody.content["application/json"].schema.properties.data),
}));
