// As much of n8n's declarative engine as the node uses: which fields show, what they send, what comes of the answer.

/** A value of a description: an expression after `=`, else itself. */
export function resolve(value, scope) {
  if (typeof value === "string" && value.startsWith("=")) {
    const text = value.slice(1);
    const alone = /^\{\{((?:(?!\}\}).|\}\}(?!$))*)\}\}$/s.exec(text);
    const evaluate = (source) => new Function(...Object.keys(scope), `return (${source});`)(...Object.values(scope));
    if (alone && !alone[1].includes("{{")) return evaluate(alone[1]);
    return text.replace(/\{\{((?:(?!\}\}).)*)\}\}/gs, (_, source) => String(evaluate(source)));
  }
  if (Array.isArray(value)) return value.map((entry) => resolve(entry, scope));
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, resolve(entry, scope)]));
  return value;
}

/** Whether a field stands on the form with these values. */
export function isShown(property, parameters) {
  const { show = {}, hide = {} } = property.displayOptions ?? {};
  return (
    Object.entries(show).every(([name, values]) => values.includes(parameters[name])) &&
    !Object.entries(hide).some(([name, values]) => values.includes(parameters[name]))
  );
}

/** The values of a form: what is given, else the defaults of the fields that show. */
export function filledForm(description, given) {
  const parameters = { ...given };
  for (let round = 0; round < 3; round += 1) {
    for (const property of description.properties) {
      if (isShown(property, parameters) && !(property.name in parameters)) parameters[property.name] = property.default;
    }
  }
  for (const name of Object.keys(given)) {
    if (!description.properties.some((property) => property.name === name && isShown(property, parameters))) throw new Error(`the form has no field ${name}`);
  }
  return parameters;
}

function merge(plan, routing, scope) {
  if (!routing) return;
  const { request = {}, send, output, operations } = routing;
  const { qs, ...rest } = resolve(request, scope);
  Object.assign(plan.request, rest);
  Object.assign(plan.qs, qs);
  if (send?.property) {
    const value = send.value === undefined ? scope.$value : resolve(send.value, scope);
    const target = send.type === "query" ? plan.qs : plan.body;
    if (value !== undefined) target[send.property] = value;
  }
  if (send?.paginate !== undefined) plan.paginate = resolve(send.paginate, scope);
  if (output?.postReceive) plan.postReceive.push(...output.postReceive);
  if (operations?.pagination) plan.pagination = operations.pagination.properties;
}

/** Runs the node as the engine would; the items that come out. */
export async function execute(description, credentials, authenticate, given) {
  const parameters = filledForm(description, given);
  const scope = { $credentials: credentials, $parameter: parameters, $value: undefined };
  const plan = newPlan(description, scope);
  for (const property of description.properties) {
    if (!isShown(property, parameters)) continue;
    const value = parameters[property.name];
    const inner = { ...scope, $value: value };
    merge(plan, property.routing, inner);
    if (property.type === "options" && property.options) merge(plan, property.options.find((option) => option.value === value)?.routing, inner);
    if (property.type === "collection") {
      for (const [name, entry] of Object.entries(value)) {
        const option = property.options.find((option) => option.name === name);
        if (!option) throw new Error(`${property.name} has no field ${name}`);
        merge(plan, option.routing, { ...scope, $value: entry });
      }
    }
  }
  return send(plan, scope, authenticate);
}

/** What a menu offers that is filled by a call. */
export async function loadOptions(description, credentials, authenticate, property) {
  const scope = { $credentials: credentials, $parameter: {}, $value: undefined };
  const plan = newPlan(description, scope);
  merge(plan, property.typeOptions.loadOptions.routing, scope);
  return send(plan, scope, authenticate);
}

function newPlan(description, scope) {
  return { request: resolve(description.requestDefaults, scope), qs: {}, body: {}, postReceive: [] };
}

async function send(plan, scope, authenticate) {
  const items = [];
  for (let page = 0; ; page += 1) {
    if (page > 50) throw new Error("no end of pages");
    const { baseURL, url, method, headers } = plan.request;
    const target = new URL(baseURL + url);
    for (const [name, value] of Object.entries(plan.qs)) if (value !== undefined) target.searchParams.set(name, value);
    const response = await fetch(target, {
      method,
      headers: { ...headers, ...resolve(authenticate.properties.headers, scope) },
      ...(method !== "GET" && Object.keys(plan.body).length > 0 && { body: JSON.stringify(plan.body) }),
    });
    const text = await response.text();
    const body = text ? JSON.parse(text) : {};
    if (!response.ok) throw Object.assign(new Error(body.error), { httpCode: String(response.status) });
    items.push(...received(plan, [body].flat(), { ...scope, $response: { body } }));
    const following = { ...scope, $response: { body } };
    if (!plan.paginate || !plan.pagination || !resolve(plan.pagination.continue, following)) return items;
    Object.assign(plan.qs, resolve(plan.pagination.request.qs, following));
  }
}

function received(plan, items, scope) {
  return plan.postReceive.reduce((current, { type, properties }) => {
    switch (type) {
      case "rootProperty":
        return current.flatMap((item) => item[properties.property]);
      case "set":
        return current.map((item) => resolve(properties.value, { ...scope, $responseItem: item }));
      case "setKeyValue":
        return current.map((item) => resolve(properties, { ...scope, $responseItem: item }));
      default:
        throw new Error(`the node uses what its tests do not know: ${type}`);
    }
  }, items);
}
