// Judges requests with a snippet of the documentation: `node harness.cjs published|cut|standard SNIPPET`.
//
// One request per line on standard input: fields separated by tabs, the body last and as it is (compact JSON holds neither a
// line break nor a tab). One line per request on standard output: `yes`, or `no` and, where the snippet threw, why.

const fs = require("fs");

const [kind, file] = process.argv.slice(2);
const snippet = fs.readFileSync(file, "utf8");

// The snippet gets exactly the names that its text leaves open.
const kinds = {
  published() {
    const isValid = new Function("require", "payload", "request", "webhookSecret", `${snippet}\nreturn isValid;`);
    return ([webhookSecret, , signature, body]) => {
      const request = { headers: { "x-organicagent-signature": signature.toString("latin1") } };
      return isValid(require, JSON.parse(body.toString("utf8")), request, webhookSecret.toString());
    };
  },
  cut() {
    const isFromOrganicAgent = new Function("require", `${snippet}\nreturn isFromOrganicAgent;`)(require);
    return ([webhookSecret, timestamp, signature, body]) =>
      isFromOrganicAgent(body, timestamp.toString("latin1"), signature.toString("latin1"), webhookSecret.toString());
  },
  standard() {
    const readEvent = new Function("require", `${snippet}\nreturn readEvent;`)(require);
    return ([webhookSecret, id, timestamp, signature, body]) => {
      const headers = {
        "webhook-id": id.toString(),
        "webhook-timestamp": timestamp.toString(),
        "webhook-signature": signature.toString(),
      };
      readEvent(body, headers, webhookSecret.toString());
      return true;
    };
  },
};
const fields = kind === "standard" ? 5 : 4;
const judge = kinds[kind]();

function split(line) {
  const parts = [];
  let from = 0;
  while (parts.length < fields - 1) {
    const tab = line.indexOf(9, from);
    parts.push(line.subarray(from, tab));
    from = tab + 1;
  }
  parts.push(line.subarray(from));
  return parts;
}

function verdict(line) {
  try {
    return judge(split(line)) === true ? "yes" : "no";
  } catch (error) {
    return `no ${error.name}: ${String(error.message).replace(/[\r\n]/g, " ")}`;
  }
}

let pieces = [];
process.stdin.on("data", (chunk) => {
  const verdicts = [];
  let from = 0;
  for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
    pieces.push(chunk.subarray(from, end));
    verdicts.push(verdict(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces)));
    pieces = [];
    from = end + 1;
  }
  if (from < chunk.length) pieces.push(chunk.subarray(from));
  if (verdicts.length > 0) process.stdout.write(`${verdicts.join("\n")}\n`);
});
