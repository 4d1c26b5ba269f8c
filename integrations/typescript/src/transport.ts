// How calls reach the server: the key, time limits, trying again, refusals as errors.
import type { Problem } from "./generated.js";

/** What holds for one call. */
export interface CallOptions {
  /** Ends the call early. */
  signal?: AbortSignal;
}

/** What holds for one change. */
export interface ChangeOptions extends CallOptions {
  /** The `ETag` that the record must still have; else the change is refused with 412. */
  ifMatch?: string;
}

/** What holds for one create. */
export interface CreateOptions extends CallOptions {
  /** Makes the create happen once, however often it is sent within 24 hours. One is made up when missing, so that trying again is safe. */
  idempotencyKey?: string;
}

/** Where the server is, and how to talk to it. */
export interface Settings {
  /** Where the dashboard is opened, up to the first slash: `https://crm.example.com`. */
  baseUrl: string;
  /** A key of Settings → API. It belongs on a server, never in a web page. */
  apiKey: string;
  /** How long one attempt may take, in milliseconds: 30,000 when missing. */
  timeoutMs?: number;
  /** How often a call is tried again after 429, 503 or a broken connection: 2 when missing. */
  retries?: number;
  /** A `fetch` to use in place of the global one. */
  fetch?: typeof fetch;
  /** Waits so many milliseconds before trying again; for tests. */
  wait?: (ms: number) => Promise<void>;
}

/** A refusal of the server. */
export class OrganicAgentError extends Error {
  override readonly name = "OrganicAgentError";

  constructor(
    /** The HTTP status. */
    readonly status: number,
    /** What the server said, where it said something. */
    readonly problem: Problem | null,
    /** The id to name when you ask for help. */
    readonly requestId: string | null,
  ) {
    super(problem?.error ?? `the server answered ${status}`);
  }
}

/** One call as the generated methods describe it. */
export interface Call {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  path: string;
  query?: object;
  body?: unknown;
  options: CallOptions & ChangeOptions & CreateOptions;
}

const LONGEST_WAIT_MS = 60_000;

/** Makes calls. */
export abstract class Transport {
  readonly #settings: Required<Settings>;

  constructor(settings: Settings) {
    const base = new URL(settings.baseUrl);
    const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(base.hostname);
    if (base.protocol !== "https:" && !isLocal) throw new TypeError("baseUrl must begin with https://, or the key could be read on its way");
    this.#settings = {
      timeoutMs: 30_000,
      retries: 2,
      fetch: (...request) => globalThis.fetch(...request),
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      ...settings,
      baseUrl: base.origin,
    };
  }

  protected async call<Answer>({ method, path, query, body, options }: Call): Promise<Answer> {
    const { apiKey, baseUrl, retries, timeoutMs, wait, fetch } = this.#settings;
    const url = new URL(path, baseUrl);
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined && value !== null) url.searchParams.set(name, String(value));
    }
    const headers: Record<string, string> = { Accept: "application/json", "X-API-Key": apiKey };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (method === "POST") headers["Idempotency-Key"] = options.idempotencyKey ?? globalThis.crypto.randomUUID();
    if (options.ifMatch !== undefined) headers["If-Match"] = options.ifMatch;

    for (let attempt = 0; ; attempt += 1) {
      const limit = AbortSignal.timeout(timeoutMs);
      const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
      const request: RequestInit = { method, headers, signal, redirect: "error" };
      if (body !== undefined) request.body = JSON.stringify(body);
      // A change by PATCH or DELETE has no key of its own, so it is tried again only where it is sure that nothing happened.
      const isRepeatable = method === "GET" || method === "POST";
      let response: Response;
      try {
        response = await fetch(url, request);
      } catch (error) {
        if (options.signal?.aborted || !isRepeatable || attempt >= retries) throw error;
        await wait(pause(attempt));
        continue;
      }
      const mayPass = response.status === 429 || (response.status === 503 && isRepeatable);
      if (mayPass && attempt < retries) {
        await response.body?.cancel();
        const asked = Number(response.headers.get("Retry-After")) * 1000;
        await wait(Math.min(Math.max(asked || 0, pause(attempt)), LONGEST_WAIT_MS));
        continue;
      }
      if (!response.ok) throw new OrganicAgentError(response.status, await problemOf(response), response.headers.get("X-Request-Id"));
      return (response.status === 204 ? undefined : await response.json()) as Answer;
    }
  }
}

function pause(attempt: number): number {
  return 500 * 2 ** attempt;
}

async function problemOf(response: Response): Promise<Problem | null> {
  try {
    return (await response.json()) as Problem;
  } catch {
    return null;
  }
}

/** The records of a list, page after page. */
export async function* records<Page extends { nextCursor?: string }, Entry>(
  list: (cursor: string | undefined) => Promise<Page>,
  entries: (page: Page) => Entry[],
): AsyncGenerator<Entry> {
  let cursor: string | undefined;
  do {
    const page = await list(cursor);
    yield* entries(page);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}
