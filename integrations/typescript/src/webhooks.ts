// Whether a webhook is genuine. Everything is checked over the bytes as they came: to parse a body and write it anew can change it.
import type { WebhookEvent } from "./generated.js";

/** Headers as `fetch` has them, or as Node's `request.headers`. */
export type IncomingHeaders = Headers | Record<string, string | string[] | undefined>;

/** A request that is not genuine, too old, or no event. */
export class WebhookError extends Error {
  override readonly name = "WebhookError";
}

/** What the check of a request may be told. */
export interface VerifyOptions {
  /** How far the request's time may be from now, in seconds: 300 when missing. */
  toleranceSeconds?: number;
  /** The time, in milliseconds since 1970. */
  now?: number;
}

const encoder = new TextEncoder();

/**
 * The event that a request brings, by the signature of Standard Webhooks: it covers the id, the time of the attempt and every byte of
 * the body. `body` is the raw body. Throws a `WebhookError` when the request is not genuine or its time is too far from now.
 */
export async function verifyWebhook(body: string | Uint8Array, headers: IncomingHeaders, secret: string, options: VerifyOptions = {}): Promise<WebhookEvent> {
  const bytes = bytesOf(body);
  const id = header(headers, "webhook-id");
  const timestamp = header(headers, "webhook-timestamp");
  const signatures = header(headers, "webhook-signature").split(" ");
  if (!/^\d{1,15}$/.test(timestamp)) throw new WebhookError("webhook-timestamp is missing or no number");

  const key = await importKey(decodeBase64(secret.replace(/^whsec_/, "")));
  const signed = join(encoder.encode(`${id}.${timestamp}.`), bytes);
  let isGenuine = false;
  for (const signature of signatures) {
    if (!signature.startsWith("v1,")) continue;
    const given = decodeBase64(signature.slice(3));
    isGenuine = (await globalThis.crypto.subtle.verify("HMAC", key, given, signed)) || isGenuine;
  }
  if (!isGenuine) throw new WebhookError("the signature is not that of this secret");

  const seconds = (options.now ?? Date.now()) / 1000;
  if (Math.abs(seconds - Number(timestamp)) > (options.toleranceSeconds ?? 300)) throw new WebhookError("the request is too old or from the future");
  return parse(bytes);
}

/**
 * The event that a request brings, by the published signature (`X-OrganicAgent-Signature`): it covers `data` and the event's time, nothing
 * else, and does not age. Prefer `verifyWebhook`. Throws a `WebhookError` when the request is not genuine.
 */
export async function verifyPublishedSignature(body: string | Uint8Array, headers: IncomingHeaders, secret: string): Promise<WebhookEvent> {
  const bytes = bytesOf(body);
  const start = indexOf(bytes, encoder.encode('"data":'));
  const end = bytes.lastIndexOf(0x7d);
  if (start < 0 || end < start) throw new WebhookError("the body is no event");
  const signature = header(headers, "x-organicagent-signature");
  const given = /^[0-9a-f]{64}$/.test(signature) ? Uint8Array.from(signature.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)) : new Uint8Array();

  const key = await importKey(encoder.encode(secret));
  const timestamp = header(headers, "x-organicagent-timestamp");
  const signed = join(bytes.subarray(start + 7, end), encoder.encode(timestamp));
  if (!(await globalThis.crypto.subtle.verify("HMAC", key, given, signed))) throw new WebhookError("the signature is not that of this secret");
  return parse(bytes);
}

function parse(bytes: Uint8Array): WebhookEvent {
  return JSON.parse(new TextDecoder().decode(bytes)) as WebhookEvent;
}

function bytesOf(body: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return typeof body === "string" ? encoder.encode(body) : new Uint8Array(body);
}

function header(headers: IncomingHeaders, name: string): string {
  if (headers instanceof Headers) return headers.get(name) ?? "";
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof found === "string" ? found : "";
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

async function importKey(secret: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  if (secret.length === 0) throw new WebhookError("the secret is empty or not as it was shown");
  return globalThis.crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

function indexOf(bytes: Uint8Array, mark: Uint8Array): number {
  for (let at = bytes.indexOf(mark[0] ?? 0); at >= 0; at = bytes.indexOf(mark[0] ?? 0, at + 1)) {
    if (mark.every((byte, offset) => bytes[at + offset] === byte)) return at;
  }
  return -1;
}
