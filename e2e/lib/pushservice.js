// A push service of a test's own, and the browser that subscribed there: reads what comes with an implementation that is not the product's.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import http from "node:http";
import ece from "http_ece";

const decode = (text) => Buffer.from(text, "base64url");

/** Where pushes end. */
export class PushService {
  told = [];
  #key = crypto.createECDH("prime256v1");
  #secret = crypto.randomBytes(16);
  #waiting = [];
  #server = http.createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      this.told.push(this.#read(request.headers, Buffer.concat(parts)));
      this.#waiting.splice(0).forEach((wake) => wake());
      response.writeHead(201).end();
    });
  });

  static async open() {
    const service = new PushService();
    service.#key.generateKeys();
    await new Promise((resolve) => service.#server.listen(0, "127.0.0.1", resolve));
    service.origin = `http://127.0.0.1:${service.#server.address().port}`;
    return service;
  }

  /** What a browser's subscription is as JSON. */
  get subscription() {
    const keys = { p256dh: this.#key.getPublicKey("base64url"), auth: this.#secret.toString("base64url") };
    return { endpoint: `${this.origin}/message`, keys };
  }

  #read(headers, body) {
    const [, signed, signature, key] = headers.authorization.match(/^vapid t=(\S+\.\S+)\.(\S+), k=(\S+)$/);
    const point = decode(key);
    const jwk = { kty: "EC", crv: "P-256", x: point.subarray(1, 33).toString("base64url"), y: point.subarray(33).toString("base64url") };
    const verifier = { key: crypto.createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" };
    assert.ok(crypto.verify("sha256", Buffer.from(signed), verifier, decode(signature)));
    const claims = JSON.parse(decode(signed.split(".")[1]));
    assert.equal(claims.aud, this.origin);
    const left = claims.exp - Date.now() / 1000;
    assert.ok(left > 0 && left <= 24 * 60 * 60, `${left}`);
    assert.equal(headers["content-encoding"], "aes128gcm");
    const text = ece.decrypt(body, { version: "aes128gcm", privateKey: this.#key, authSecret: this.#secret.toString("base64url") });
    return JSON.parse(text);
  }

  /** The push whose title holds `words`, as soon as it is there. */
  async find(words) {
    const late = setTimeout(() => this.#waiting.splice(0).forEach((wake) => wake(true)), 100_000);
    for (;;) {
      const push = this.told.findLast((push) => push.title.includes(words));
      if (push) {
        clearTimeout(late);
        return push;
      }
      const isLate = await new Promise((resolve) => this.#waiting.push(resolve));
      if (isLate) throw new Error(`no push with "${words}" among ${this.told.length}`);
    }
  }

  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** Has a page's browser subscribe at `service`: no push service of the world is asked, the rest is the browser's own. */
export async function subscribeAt(context, service) {
  await context.addInitScript((given) => {
    const subscription = { toJSON: () => given, options: {}, unsubscribe: async () => true };
    PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
      if (!userVisibleOnly || applicationServerKey.length !== 65) throw new Error("no browser takes that");
      localStorage.subscribed = "yes";
      return subscription;
    };
    PushManager.prototype.getSubscription = async () => (localStorage.subscribed ? subscription : null);
  }, service.subscription);
}

/** Delivers what was told to a page's service worker, as the browser does with what its push service hands it. */
export async function deliver(page, told) {
  const session = await page.context().newCDPSession(page);
  const registered = new Promise((resolve) => {
    session.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
      const own = registrations.find((one) => one.scopeURL.startsWith(new URL(page.url()).origin));
      if (own) resolve(own.registrationId);
    });
  });
  await session.send("ServiceWorker.enable");
  const registrationId = await registered;
  const origin = new URL(page.url()).origin;
  await session.send("ServiceWorker.deliverPushMessage", { origin, registrationId, data: JSON.stringify(told) });
  await session.detach();
}
