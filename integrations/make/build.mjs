// Packs the app's files, as Make's SDK reads them, into one archive.
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { writeZip } from "../lib/zip.js";

const folder = import.meta.dirname;

/** Makes `build/organicagent-make.zip` and answers with its path. */
export function build() {
  const app = JSON.parse(readFileSync(path.join(folder, "makecomapp.json"), "utf8"));
  const parts = Object.values(app.components).flatMap((kind) => Object.values(kind));
  const names = new Set(["makecomapp.json", ...[app, ...parts].flatMap((part) => Object.values(part.generalCodeFiles ?? part.codeFiles))]);
  mkdirSync(path.join(folder, "build"), { recursive: true });
  const target = path.join(folder, "build/organicagent-make.zip");
  writeZip(target, [...names].map((name) => [name, path.join(folder, name)]));
  return target;
}

if (process.argv[1] === import.meta.filename) console.log(build());
