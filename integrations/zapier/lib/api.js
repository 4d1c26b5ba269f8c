// Calls of OrganicAgent's API, and what its refusals mean to Zapier.

const WRONG_ADDRESS = "Please check the OrganicAgent address of the connection";

/** The address of the installation without a path: people paste the dashboard's. */
function origin(z, bundle) {
  const given = String(bundle.authData.baseUrl ?? "").trim();
  let url;
  try {
    url = new URL(/^https?:\/\//i.test(given) ? given : `https://${given}`);
  } catch {
    throw new z.errors.Error(`${WRONG_ADDRESS}: "${given}" is no web address.`, "InvalidData", 400);
  }
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url.protocol !== "https:" && !isLocal) {
    throw new z.errors.Error(`${WRONG_ADDRESS}: it must begin with https://, or the key could be read on its way.`, "InvalidData", 400);
  }
  return url.origin;
}

/** What was filled in: Zapier sends empty fields too. */
function filled(fields) {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0)),
  );
}

/** One call; the answer's JSON, or `null` where it has none. */
async function call(z, bundle, method, route, { body, query, headers } = {}) {
  const response = await z.request({
    url: `${origin(z, bundle)}/api/v1${route}`,
    method,
    params: query && filled(query),
    headers: { Accept: "application/json", ...headers },
    ...(body === undefined ? {} : { body, headers: { Accept: "application/json", "Content-Type": "application/json", ...headers } }),
    redirect: "error",
  });
  return response.status === 204 ? null : response.data;
}

/** Puts the connection's key on a request to the connection's own address, and on no other. */
function addKey(request, z, bundle) {
  if (bundle.authData.apiKey && new URL(request.url).origin === origin(z, bundle)) {
    request.headers["X-API-Key"] = String(bundle.authData.apiKey).trim();
  }
  return request;
}

/** Turns a refusal into the sentence that the server gave for it. */
function explainRefusal(response, z) {
  if (response.status < 400) return response;
  const sentence = response.data?.error ?? `OrganicAgent answered ${response.status}.`;
  if (response.status === 401) {
    throw new z.errors.Error(`${sentence} Please connect again with a key of Settings → API.`, "AuthenticationError", 401);
  }
  if (response.status === 429 || response.status === 503) {
    const wait = Number(response.getHeader("retry-after"));
    throw new z.errors.ThrottledError(sentence, Number.isFinite(wait) && wait > 0 ? wait : 60);
  }
  throw new z.errors.Error(sentence, "OrganicAgentError", response.status);
}

/** Whether an error of `call` is a 404: Zapier's errors carry their status in a message of JSON. */
function isNotFound(error) {
  try {
    return JSON.parse(error.message).status === 404;
  } catch {
    return false;
  }
}

module.exports = { call, isNotFound, filled, addKey, explainRefusal };
