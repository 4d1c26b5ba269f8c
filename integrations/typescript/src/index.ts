// OrganicAgent's API and webhooks.
import { Calls, type Event, type EventName } from "./generated.js";

export * from "./generated.js";
export { OrganicAgentError, records, type CallOptions, type ChangeOptions, type CreateOptions, type Settings } from "./transport.js";
export { verifyPublishedSignature, verifyWebhook, WebhookError, type IncomingHeaders, type VerifyOptions } from "./webhooks.js";

/** One agent's OrganicAgent. */
export class OrganicAgent extends Calls {
  /**
   * The feed from after an event (from the beginning without one) to its present end. Keep the last event's `id`, begin there the next
   * time, and none is missed.
   */
  async *feed(after?: string, type?: EventName): AsyncGenerator<Event> {
    for (let cursor = after; ; ) {
      const page = await this.listEvents({ after: cursor, type, limit: 100 });
      yield* page.events;
      if (page.events.length === 0 || !page.nextCursor || page.nextCursor === cursor) return;
      cursor = page.nextCursor;
    }
  }
}
