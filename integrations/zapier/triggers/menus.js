// Hidden triggers: what dropdowns are filled with.
const { call } = require("../lib/api");

const PAGE = 100;

/** Pages of a list; Zapier asks for page 0, 1, 2 and so on. */
const pages = (name, label, query = {}) => async (z, bundle) => {
  const offset = (bundle.meta.page ?? 0) * PAGE;
  const page = await call(z, bundle, "GET", `/${name}`, { query: { limit: PAGE, offset, ...query } });
  return page[name].map((record) => ({ id: record.id, label: label(record) }));
};

const menu = (key, noun, perform, canPaginate) => ({
  key,
  noun,
  display: { label: `Choose ${noun}`, description: `Lists what a ${noun.toLowerCase()} can be.`, hidden: true },
  operation: { perform, canPaginate, sample: { id: "id", label: "Label" } },
});

const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);

module.exports = [
  menu(
    "stage_list",
    "Stage",
    async (z, bundle) =>
      (await call(z, bundle, "GET", "/stages")).stages.map(({ id, name, pipeline }) => ({ id, label: `${capital(pipeline)}: ${name}` })),
    false,
  ),
  menu(
    "source_list",
    "Source",
    async (z, bundle) => (await call(z, bundle, "GET", "/sources")).sources.map(({ id, name }) => ({ id, label: name })),
    false,
  ),
  menu("listing_list", "Listing", pages("listings", (listing) => `${listing.address} (${listing.status})`, { status: "all" }), true),
  menu("client_list", "Client", pages("clients", (client) => `${client.name} (${client.email})`), true),
  menu("lead_list", "Lead", pages("leads", (lead) => [lead.name, lead.email ?? lead.phone].filter(Boolean).join(", ")), true),
];
