// Builds what Zapier takes: the app with the packages that it needs at run time, and the definition that the platform made of it.
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { writeZip } from "../lib/zip.js";

const folder = import.meta.dirname;
const require = createRequire(import.meta.url);
const OWN = ["index.js", "authentication.js", "package.json", "lib", "triggers", "creates", "searches"];

function* walk(relative) {
  for (const entry of readdirSync(path.join(folder, relative), { withFileTypes: true })) {
    const name = path.posix.join(relative, entry.name);
    if (entry.isDirectory()) yield* walk(name);
    else if (entry.isFile()) yield name;
  }
}

/** Makes `build/organicagent-zapier.zip` and answers with its path. */
export async function build() {
  const handler = require("zapier-platform-core").createAppHandler(require("./index.js"));
  const { results: definition } = await handler({ command: "definition" });
  const lock = JSON.parse(readFileSync(path.join(folder, "package-lock.json"), "utf8"));
  const packages = Object.entries(lock.packages).filter(([name, entry]) => name && !entry.dev).map(([name]) => name);
  const isUsed = (name) => !/\.(md|markdown|map|ts|tsx|flow)$/i.test(name);

  const files = OWN.flatMap((name) => (path.extname(name) ? [name] : [...walk(name)]));
  // A package's own nested ones stand in the lock file themselves.
  const modules = packages.flatMap((name) => [...walk(name)].filter((file) => !file.slice(name.length + 1).startsWith("node_modules/") && isUsed(file)));
  mkdirSync(path.join(folder, "build"), { recursive: true });
  const target = path.join(folder, "build/organicagent-zapier.zip");
  writeZip(target, [
    ...[...files, ...modules].map((name) => [name, path.join(folder, name)]),
    ["zapierwrapper.js", path.join(folder, "node_modules/zapier-platform-core/include/zapierwrapper.js")],
    ["definition.json", Buffer.from(`${JSON.stringify(definition, null, 2)}\n`)],
  ]);
  return target;
}

if (process.argv[1] === import.meta.filename) console.log(await build());
