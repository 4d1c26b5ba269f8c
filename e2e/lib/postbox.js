// A mail server of a test's own: takes every mail and keeps it.
import net from "node:net";

/** Where mails end. */
export class Postbox {
  mails = [];
  #server = net.createServer((socket) => this.#talk(socket));
  #waiting = [];
  #sockets = new Set();

  static async open() {
    const postbox = new Postbox();
    await new Promise((resolve) => postbox.#server.listen(0, "127.0.0.1", resolve));
    postbox.url = `smtp://127.0.0.1:${postbox.#server.address().port}`;
    return postbox;
  }

  #talk(socket) {
    let text = "";
    let inMail = false;
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
    socket.write("220 postbox\r\n");
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      for (;;) {
        const end = inMail ? text.indexOf("\r\n.\r\n") : text.indexOf("\r\n");
        if (end < 0) return;
        const part = text.slice(0, end);
        text = text.slice(end + (inMail ? 5 : 2));
        if (inMail) {
          this.mails.push(part.replaceAll("=\r\n", "").replaceAll("=3D", "="));
          this.#waiting.splice(0).forEach((wake) => wake());
          inMail = false;
        } else inMail = part === "DATA";
        socket.write(inMail ? "354 go on\r\n" : part === "QUIT" ? "221 bye\r\n" : "250 well\r\n");
      }
    });
  }

  /** The newest mail that holds `words`, as soon as there is one. */
  async find(words) {
    const late = setTimeout(() => this.#waiting.splice(0).forEach((wake) => wake(true)), 20_000);
    for (;;) {
      const mail = this.mails.findLast((mail) => mail.includes(words));
      if (mail) {
        clearTimeout(late);
        return mail;
      }
      const isLate = await new Promise((resolve) => this.#waiting.push(resolve));
      if (isLate) throw new Error(`no mail with "${words}" among ${this.mails.length}`);
    }
  }

  /** Ends what is open too: a connection that somebody keeps would keep the test from ending. */
  close() {
    this.#server.close();
    this.#sockets.forEach((socket) => socket.destroy());
  }
}
