// A receiver of webhooks: keeps each request as it came, byte for byte.
import http from "node:http";

/** Where webhooks end. */
export class Receiver {
  requests = [];
  #waiting = [];
  #server = http.createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      this.requests.push({ method: request.method, path: request.url, headers: request.headers, rawHeaders: request.rawHeaders, body: Buffer.concat(parts) });
      this.#waiting.splice(0).forEach((wake) => wake());
      response.writeHead(204).end();
    });
  });

  static async open() {
    const receiver = new Receiver();
    await new Promise((resolve) => receiver.#server.listen(0, "127.0.0.1", resolve));
    receiver.url = `http://127.0.0.1:${receiver.#server.address().port}/hook`;
    return receiver;
  }

  /** The first request that `isWanted` says yes to, as soon as there is one. */
  async find(isWanted = () => true) {
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      this.#waiting.splice(0).forEach((wake) => wake());
    }, 20_000);
    for (;;) {
      const request = this.requests.find(isWanted);
      if (request) {
        clearTimeout(late);
        return request;
      }
      if (isLate) throw new Error(`not among ${this.requests.length} requests`);
      await new Promise((resolve) => this.#waiting.push(resolve));
    }
  }

  /** The request of an event. */
  of(event) {
    return this.find((request) => request.headers["x-organicagent-event"] === event);
  }

  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
