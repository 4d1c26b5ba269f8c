// Writes the generated part of the TypeScript and the Python package from docs/openapi.json; with `--check` it only says whether they are current.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { python } from "./sdk/python.mjs";
import { typescript } from "./sdk/typescript.mjs";

const FILES = {
  "typescript/src/generated.ts": typescript,
  "python/src/organicagent/generated.py": python,
};

/** The files that are not what the document makes of them. */
export function stale() {
  return Object.entries(FILES).filter(([name, make]) => {
    try {
      return readFileSync(path.join(import.meta.dirname, name), "utf8") !== make();
    } catch {
      return true;
    }
  });
}

if (process.argv[1] === import.meta.filename) {
  const files = stale();
  if (process.argv.includes("--check")) {
    for (const [name] of files) console.error(`${name} is not what docs/openapi.json makes: run node integrations/generate.mjs`);
    process.exitCode = files.length > 0 ? 1 : 0;
  } else {
    for (const [name, make] of files) {
      writeFileSync(path.join(import.meta.dirname, name), make());
      console.log(`wrote ${name}`);
    }
  }
}
