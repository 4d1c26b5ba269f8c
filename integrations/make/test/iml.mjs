// As much of Make's language (IML) and of its engine as the app uses: templates, requests, pages, hooks.

const FUNCTIONS = {
  replace: (text, search, by) => {
    const pattern = /^\/(.*)\/([gimsu]*)$/.exec(search);
    return String(text ?? "").replace(pattern ? new RegExp(pattern[1], pattern[2]) : search, by);
  },
  capitalize: (text) => String(text).charAt(0).toUpperCase() + String(text).slice(1),
  toCollection: (list, key, value) => Object.fromEntries((list ?? []).map((entry) => [entry[key], entry[value]])),
};
const TOKEN = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(\d+(?:\.\d+)?)|(==|!=|&&|\|\||[();])|([A-Za-z_$][\w$]*(?:\.[\w$]+)*))/y;

function tokens(source) {
  const found = [];
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < source.trimEnd().length; ) {
    const match = TOKEN.exec(source);
    if (!match) throw new Error(`no IML: ${source}`);
    const [, double, single, number, sign, name] = match;
    const text = double ?? single;
    found.push(text !== undefined ? { text: text.replace(/\\(.)/g, "$1") } : number ? { text: Number(number) } : sign ? { sign } : { name });
  }
  return found;
}

/** The value of what stands between `{{` and `}}`. */
export function evaluate(source, context) {
  const rest = tokens(source);
  const isNext = (sign) => rest[0]?.sign === sign;
  const take = (sign) => {
    if (!isNext(sign)) throw new Error(`expected ${sign} in ${source}`);
    rest.shift();
  };
  const value = () => {
    if (isNext("(")) {
      take("(");
      const inner = either();
      take(")");
      return inner;
    }
    const token = rest.shift();
    if (token && "text" in token) return token.text;
    if (!token?.name) throw new Error(`a value is missing in ${source}`);
    if (isNext("(")) {
      if (!FUNCTIONS[token.name]) throw new Error(`the app uses a function that its tests do not know: ${token.name}`);
      take("(");
      const given = [];
      while (!isNext(")")) {
        given.push(either());
        if (!isNext(")")) take(";");
      }
      take(")");
      return FUNCTIONS[token.name](...given);
    }
    const constants = { true: true, false: false, null: null, emptystring: "" };
    if (token.name in constants) return constants[token.name];
    return token.name.split(".").reduce((record, key) => record?.[key], context);
  };
  const compared = () => {
    const left = value();
    if (isNext("==")) return take("=="), left === value();
    if (isNext("!=")) return take("!="), left !== value();
    return left;
  };
  const both = () => {
    let left = compared();
    while (isNext("&&")) {
      take("&&");
      const right = compared();
      left = left && right;
    }
    return left;
  };
  function either() {
    let left = both();
    while (isNext("||")) {
      take("||");
      const right = both();
      left = left || right;
    }
    return left;
  }
  const result = either();
  if (rest.length > 0) throw new Error(`too much in ${source}`);
  return result;
}

/** A template with its expressions filled in: text alone keeps its type, members without a value are left out. */
export function fill(template, context) {
  if (typeof template === "string") {
    const alone = /^\{\{((?:(?!\}\}).)*)\}\}$/s.exec(template);
    if (alone) return evaluate(alone[1], context);
    return template.replace(/\{\{((?:(?!\}\}).)*)\}\}/gs, (_, source) => String(evaluate(source, context) ?? ""));
  }
  if (Array.isArray(template)) return template.map((entry) => fill(entry, context));
  if (template === null || typeof template !== "object") return template;
  const filled = {};
  for (const [key, entry] of Object.entries(template)) {
    const value = fill(entry, context);
    if (key === "{{...}}") Object.assign(filled, value);
    else if (value !== undefined) filled[key] = value;
  }
  return filled;
}

/** A refusal as Make would show it. */
export class MakeError extends Error {
  constructor(type, message) {
    super(message);
    this.type = type;
  }
}

/** Runs communications on a base. */
export class Engine {
  constructor(base = {}) {
    this.base = base;
  }

  /** All requests of a communication; the outputs, and what `response.data` and `response.metadata` said. */
  async run(communication, context) {
    const result = { bundles: [], data: {}, metadata: undefined };
    let temp = {};
    for (const step of [communication].flat()) {
      const response = step.response ?? {};
      const limit = response.limit === undefined ? Infinity : Number(fill(response.limit, context));
      let request = step;
      for (let pages = 0; ; pages += 1) {
        if (pages > 50) throw new Error("no end of pages");
        const answer = await this.#send(request, { ...context, temp });
        const seen = { ...context, temp, ...answer };
        temp = { ...temp, ...fill(response.temp ?? {}, seen) };
        Object.assign(result.data, fill(response.data ?? {}, seen));
        if (response.metadata) result.metadata = fill(response.metadata, seen).value;
        const items = response.iterate ? fill(response.iterate, seen) : undefined;
        for (const item of items ?? []) {
          if (result.bundles.length < limit) result.bundles.push(fill(response.output ?? "{{item}}", { ...seen, item }));
        }
        if (!items && response.output !== undefined) result.bundles.push(fill(response.output, seen));
        if (!step.pagination || result.bundles.length >= limit || !fill(step.pagination.condition, seen)) break;
        request = { ...step, qs: { ...step.qs, ...fill(step.pagination.qs, seen) } };
      }
    }
    return result;
  }

  async #send(step, context) {
    const filled = fill({ url: step.url, method: step.method ?? "GET", headers: { ...this.base.headers, ...step.headers }, qs: step.qs ?? {} }, context);
    const url = new URL(/^https?:/.test(filled.url) ? filled.url : fill(this.base.baseUrl, context) + filled.url);
    for (const [name, value] of Object.entries(filled.qs)) if (value !== null && value !== "") url.searchParams.set(name, value);
    const body = step.body === undefined || filled.method === "GET" ? undefined : fill(step.body, context);
    const isText = step.type === "text";
    const response = await fetch(url, {
      method: filled.method,
      redirect: "manual",
      headers: { ...filled.headers, ...(body !== undefined && !isText && { "Content-Type": "application/json" }) },
      ...(body !== undefined && { body: isText ? (typeof body === "string" ? body : JSON.stringify(body)) : JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = { statusCode: response.status, headers: Object.fromEntries(response.headers), body: text && /json/.test(response.headers.get("content-type")) ? JSON.parse(text) : text };
    if (response.status >= 400) {
      const error = { ...this.base.response?.error, ...step.response?.error };
      const chosen = error[response.status] ?? error;
      throw new MakeError(chosen.type, fill(chosen.message, answer));
    }
    return answer;
  }
}

/** What a hook's communication makes of a request: the bundle, or nothing, and the answer. */
export function receive(communication, request) {
  const context = { body: JSON.parse(request.body), headers: request.headers };
  const isWanted = communication.condition === undefined || fill(communication.condition, context);
  return { bundle: isWanted ? fill(communication.output, context) : undefined, respond: fill(communication.respond, context) };
}
