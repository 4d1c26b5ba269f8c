// Writes integrations/python/src/organicagent/generated.py.
import { calls, events, pageOf, types } from "./document.mjs";

const KEYWORDS = new Set("False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield".split(" "));
const snake = (name) => name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replaceAll("-", "_").toLowerCase();
const pascal = (name) => name.replace(/(^|[._-])([a-z])/g, (_, __, letter) => letter.toUpperCase());
const quoted = (text) => JSON.stringify(text);

/** Classes for objects that stand inside others have names of their own. */
function writer() {
  const classes = [];
  function written(type, owner) {
    switch (type.kind) {
      case "ref":
        return type.name;
      case "enum":
        return `Literal[${type.values.map(quoted).join(", ")}]`;
      case "list":
        return `list[${written(type.of, `${owner}Item`)}]`;
      case "map":
        return `dict[str, ${written(type.of, `${owner}Value`)}]`;
      case "union":
        return type.of.map((part) => written(part, owner)).join(" | ");
      case "object":
        declare(owner, "", type);
        return owner;
      default:
        return { text: "str", whole: "int", number: "float", boolean: "bool", null: "None", any: "Any" }[type.kind];
    }
  }
  function declare(name, says, type) {
    const lines = type.fields.flatMap((field) => {
      if (KEYWORDS.has(field.name) || !/^\w+$/.test(field.name)) throw new Error(`${name}.${field.name} needs another form`);
      const text = written(field.type, `${name}${pascal(field.name)}`);
      return [`    ${field.name}: ${field.isRequired ? text : `NotRequired[${text}]`}`, ...docstring(field.says, "    ")];
    });
    const bases = type.bases.length > 0 ? type.bases.join(", ") : "TypedDict";
    classes.push([`class ${name}(${bases}):`, ...docstring(says, "    "), ...(lines.length > 0 ? ["", ...lines] : says ? [] : ["    pass"])].join("\n"));
  }
  return { classes, written, declare };
}

function docstring(text, indent) {
  if (!text) return [];
  const safe = text.replaceAll("\\", "\\\\").replaceAll('"""', '\\"\\"\\"');
  return [`${indent}"""${safe.split("\n").join(`\n${indent}`)}"""`];
}

/** Types whose bases come first, since Python reads from above. */
function ordered() {
  const done = new Map();
  const add = (entry) => {
    if (done.has(entry.name)) return;
    for (const base of entry.type.bases ?? []) add(types.find(({ name }) => name === base));
    done.set(entry.name, entry);
  };
  types.forEach(add);
  return [...done.values()];
}

function method(call, written) {
  const name = snake(call.name);
  const path = call.path.map((parameter) => `${snake(parameter.name)}: str`);
  const body = call.body ? [`body: ${call.body.type}${call.body.isRequired ? "" : " | None = None"}`] : [];
  const query = call.query.map(({ name: parameter, type }) => ({
    parameter,
    argument: KEYWORDS.has(snake(parameter)) ? `${snake(parameter)}_` : snake(parameter),
    text: ["since", "updatedSince"].includes(parameter) ? "str" : written(type, `${pascal(call.name)}${pascal(parameter)}`),
  }));
  const withNone = (text) => (/\bNone\b/.test(text) ? text : `${text} | None`);
  const named = query.map(({ argument, text }) => `${argument}: ${withNone(text)} = None`);
  if (call.takesKey) named.push("idempotency_key: str | None = None");
  if (call.takesMatch) named.push("if_match: str | None = None");
  const argumentsOf = (list) => ["self", ...path, ...body, ...(list.length > 0 ? ["*", ...list] : [])];
  const route = call.route.replace(/\{(\w+)\}/g, (_, parameter) => `{quote(${snake(parameter)}, safe='')}`);
  const request = [
    quoted(call.method),
    `${call.path.length > 0 ? "f" : ""}"${route}"`,
    ...(query.length > 0 ? [`query={${query.map(({ parameter, argument }) => `${quoted(parameter)}: ${argument}`).join(", ")}}`] : []),
    ...(call.body ? ["body=body"] : []),
    ...(call.takesKey ? ["idempotency_key=idempotency_key"] : []),
    ...(call.takesMatch ? ["if_match=if_match"] : []),
  ];
  const lines = [
    `    def ${name}(${argumentsOf(named).join(", ")}) -> ${call.answer ?? "None"}:`,
    ...docstring(call.says, "        "),
    call.answer ? `        return cast(${call.answer}, self._call(${request.join(", ")}))` : `        self._call(${request.join(", ")})`,
  ];
  const page = pageOf(call);
  if (page) {
    const narrowing = query.filter(({ parameter }) => !["cursor", "offset"].includes(parameter));
    const given = [...call.path.map((parameter) => snake(parameter.name)), ...narrowing.map(({ argument }) => `${argument}=${argument}`), "cursor=cursor"];
    lines.push(
      "",
      `    def ${name.replace(/^list_/, "all_")}(${argumentsOf(narrowing.map(({ argument, text }) => `${argument}: ${withNone(text)} = None`)).join(", ")}) -> Iterator[${page.record}]:`,
      ...docstring(`${call.says.replace(/\.$/, "")}: all of them, page after page.`, "        "),
      "        cursor: str | None = None",
      "        while True:",
      `            page = self.${name}(${given.join(", ")})`,
      `            yield from page[${quoted(page.member)}]`,
      '            cursor = page.get("nextCursor")',
      "            if cursor is None:",
      "                return",
    );
  }
  return lines.join("\n");
}

/** The text of the file. */
export function python() {
  const { classes, written, declare } = writer();
  const aliases = [];
  for (const { name, says, type } of ordered()) {
    if (type.kind === "object") declare(name, says, type);
    else aliases.push([`${name}: TypeAlias = ${written(type, name)}`, ...docstring(says, "")].join("\n"));
  }
  for (const { name, says, data } of events) {
    const owner = `${pascal(name)}Event`;
    declare(owner, says, {
      bases: [],
      fields: [
        { name: "event", type: { kind: "enum", values: [name] }, isRequired: true, says: "" },
        { name: "timestamp", type: { kind: "text" }, isRequired: true, says: "When it happened: milliseconds since 1970, the same at every attempt." },
        { name: "agentId", type: { kind: "text" }, isRequired: true, says: "The agent's public name." },
        { name: "data", type: data, isRequired: true, says: "" },
      ],
    });
  }
  const methods = calls.map((call) => method(call, written)).join("\n\n");
  const names = [...types.map(({ name }) => name), ...events.map(({ name }) => `${pascal(name)}Event`), "WebhookEvent"].sort();
  return [
    '"""Written by integrations/generate.mjs from docs/openapi.json. Please do not edit: run it again."""',
    "",
    "from __future__ import annotations",
    "",
    "from collections.abc import Iterator",
    "from typing import Any, Literal, NotRequired, TypeAlias, TypedDict, cast",
    "from urllib.parse import quote",
    "",
    "from .transport import Transport",
    "",
    "__all__ = [",
    ...names.map((name) => `    ${quoted(name)},`),
    "]",
    "",
    aliases.join("\n\n"),
    "",
    "",
    classes.join("\n\n\n"),
    "",
    "",
    `WebhookEvent: TypeAlias = ${events.map(({ name }) => `${pascal(name)}Event`).join(" | ")}`,
    '"""What a webhook brings; `event` tells which."""',
    "",
    "",
    "class Calls(Transport):",
    '    """Every call of the API."""',
    "",
    methods,
    "",
  ].join("\n");
}
