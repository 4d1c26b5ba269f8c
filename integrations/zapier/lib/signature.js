// Whether a request is OrganicAgent's: the published scheme, over the bytes as they came.
const crypto = require("node:crypto");

/** A header of Zapier's `rawRequest`, whose names come as `Http-X-Organicagent-Signature` or as they were sent. */
function header(rawRequest, name) {
  const plain = (key) => key.toLowerCase().replaceAll("_", "-").replace(/^http-/, "");
  const found = Object.entries(rawRequest?.headers ?? {}).find(([key]) => plain(key) === name);
  return found ? String(found[1]) : "";
}

/** Cuts what was signed out of the body (to write it anew could change a byte), and compares in constant time. */
function isGenuine(rawRequest, secret) {
  const body = Buffer.from(String(rawRequest?.content ?? ""), "utf8");
  const mark = body.indexOf('"data":');
  const end = body.lastIndexOf("}");
  if (!secret || mark < 0 || end < mark) return false;
  const expected = Buffer.from(
    crypto
      .createHmac("sha256", secret)
      .update(body.subarray(mark + 7, end))
      .update(header(rawRequest, "x-organicagent-timestamp"))
      .digest("hex"),
  );
  const given = Buffer.from(header(rawRequest, "x-organicagent-signature"));
  return given.length === expected.length && crypto.timingSafeEqual(given, expected);
}

module.exports = { isGenuine };
