// What starts a Zap: the five events, each a hook that Zapier asks for when the Zap is turned on.
const { call, isNotFound } = require("../lib/api");
const { isGenuine } = require("../lib/signature");
const samples = require("../lib/samples");

const NEWEST = 3;

/** The newest records of a list: the hook's own keys, for they are the record's. */
const newest = (name) => async (z, bundle) => {
  const page = await call(z, bundle, "GET", `/${name}`, { query: { limit: NEWEST, sort: "-createdAt", ...(name === "listings" && { status: "all" }) } });
  return page[name];
};

/** The newest changes of stage. The feed runs forward, so its end is looked for, a thousand events at most. */
async function newestStageChanges(z, bundle) {
  let after;
  let changes = [];
  for (let page = 0; page < 10; page += 1) {
    const { events, nextCursor } = await call(z, bundle, "GET", "/events", {
      query: { type: "client.stage_changed", after, limit: 100 },
    });
    changes = [...changes, ...events.filter((event) => event.data)].slice(-NEWEST);
    if (events.length < 100) break;
    after = nextCursor;
  }
  const ids = new Set();
  const ofEachClientTheLast = changes.reverse().filter(({ data }) => !ids.has(data.id) && ids.add(data.id));
  return ofEachClientTheLast.map((event) => event.data);
}

function trigger({ key, event, noun, label, description, list, sample }) {
  return {
    key,
    noun,
    display: { label, description },
    operation: {
      type: "hook",
      performSubscribe: (z, bundle) =>
        call(z, bundle, "POST", "/webhooks", {
          body: { url: bundle.targetUrl, events: [event], description: `Zapier: ${label}` },
        }),
      performUnsubscribe: async (z, bundle) => {
        try {
          await call(z, bundle, "DELETE", `/webhooks/${encodeURIComponent(bundle.subscribeData.id)}`);
        } catch (error) {
          // Deleted in the dashboard already: that is what was wanted.
          if (!isNotFound(error)) throw error;
        }
        return { id: bundle.subscribeData.id };
      },
      perform: (z, bundle) => {
        if (!isGenuine(bundle.rawRequest, bundle.subscribeData?.secret)) {
          throw new z.errors.HaltedError("This request is not signed by your OrganicAgent, so it was ignored.");
        }
        const hook = bundle.cleanedRequest;
        return hook.event === event && hook.data ? [hook.data] : [];
      },
      performList: list,
      sample,
    },
  };
}

module.exports = [
  trigger({
    key: "lead_created",
    event: "lead.created",
    noun: "Lead",
    label: "New Lead",
    description: "Triggers when a new lead comes in: by website form, e-mail, guide, import or API.",
    list: newest("leads"),
    sample: samples.lead,
  }),
  trigger({
    key: "client_created",
    event: "client.created",
    noun: "Client",
    label: "New Client",
    description: "Triggers when a client signs up or is added.",
    list: newest("clients"),
    sample: samples.client,
  }),
  trigger({
    key: "listing_created",
    event: "listing.created",
    noun: "Listing",
    label: "New Listing",
    description: "Triggers when a listing is offered; a draft only once it is no draft any more.",
    list: async (z, bundle) => (await newest("listings")(z, bundle)).filter((listing) => listing.status !== "draft"),
    sample: samples.listing,
  }),
  trigger({
    key: "showing_requested",
    event: "showing.requested",
    noun: "Showing",
    label: "New Showing Request",
    description: "Triggers when a client asks to see a listing.",
    list: newest("showings"),
    sample: samples.showing,
  }),
  trigger({
    key: "client_stage_changed",
    event: "client.stage_changed",
    noun: "Stage Change",
    label: "Client Stage Changed",
    description: "Triggers when a client moves to another stage of your pipeline.",
    list: newestStageChanges,
    sample: samples.stageChange,
  }),
];
