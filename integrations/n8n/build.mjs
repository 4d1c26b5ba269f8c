// Compiles the nodes and packs what n8n installs.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";

const folder = import.meta.dirname;

/** Makes `dist` and `build/n8n-nodes-organicagent-1.0.0.tgz`; answers with the archive's path. */
export function build() {
  const run = (command, ...words) => execFileSync(command, words, { cwd: folder, stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });
  rmSync(path.join(folder, "dist"), { recursive: true, force: true });
  run(process.execPath, "node_modules/typescript/bin/tsc");
  const nodes = "nodes/OrganicAgent";
  for (const name of readdirSync(path.join(folder, nodes)).filter((name) => /\.(svg|json)$/.test(name))) {
    cpSync(path.join(folder, nodes, name), path.join(folder, "dist", nodes, name));
  }
  mkdirSync(path.join(folder, "build"), { recursive: true });
  return path.join(folder, "build", run("npm", "pack", "--silent", "--pack-destination", "build").trim());
}

if (process.argv[1] === import.meta.filename) console.log(build());
