// The product in a process of its own, on sample data.
import { execFileSync, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import readline from "node:readline";

const root = path.resolve(import.meta.dirname, "../..");
const target = process.env.CARGO_TARGET_DIR ?? path.join(root, "target");
const binary = process.env.ORGANICAGENT_BINARY ?? path.join(target, "debug/organicagent");

/** A running `organicagent serve`. */
export class Product {
  /** Starts it, by itself as the demo; `settings` are added to its environment. */
  static async start(settings = {}, flags = ["--demo"]) {
    const product = new Product();
    product.folder = await mkdtemp(path.join(tmpdir(), "organicagent-e2e-"));
    product.environment = {
      PATH: process.env.PATH,
      ORGANICAGENT_LISTEN: "127.0.0.1:0",
      ORGANICAGENT_DATA_DIR: product.folder,
      ORGANICAGENT_WEBHOOK_ALLOW: "127.0.0.0/8",
      RUST_LOG: "error",
      ...settings,
    };
    product.child = spawn(binary, ["serve", ...flags], { env: product.environment, stdio: ["ignore", "pipe", "inherit"] });
    const failed = new Promise((_, reject) => product.child.once("error", reject));
    await Promise.race([product.#listen(), failed]);
    return product;
  }

  async #listen() {
    for await (const line of readline.createInterface({ input: this.child.stdout })) {
      const signIn = line.match(/^Sign in\s+(\S+)\s+as (\S+) with (\S+)$/);
      if (signIn) [, , this.email, this.password] = signIn;
      const key = line.match(/^API key\s+(\S+)$/);
      if (key) this.key = key[1];
      const listening = line.match(/^listening on (\S+)$/);
      if (listening) {
        this.base = listening[1];
        return;
      }
    }
    throw new Error("the product ended before it listened");
  }

  /** Runs a command on the same data; what it prints. */
  command(...words) {
    return execFileSync(binary, words, { env: this.environment, encoding: "utf8" }).trim();
  }

  /** A call of the API with the demo's key. */
  async api(method, route, body, key = this.key) {
    const answer = await fetch(this.base + route, {
      method,
      headers: { "X-API-Key": key, ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
    });
    return { status: answer.status, json: await answer.json().catch(() => null) };
  }

  /** Stops it and throws its data away. One that does not stop is an error, not a test that waits for ever. */
  async stop() {
    const ended = new Promise((resolve) => this.child.once("exit", (_, signal) => resolve(signal)));
    this.child.kill();
    const late = setTimeout(() => this.child.kill("SIGKILL"), 30_000);
    const signal = await ended;
    clearTimeout(late);
    if (signal === "SIGKILL") throw new Error("the product did not stop within 30 s of SIGTERM");
    await rm(this.folder, { recursive: true, force: true });
  }
}
