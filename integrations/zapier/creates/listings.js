// Adding a listing.
const { call, filled } = require("../lib/api");
const samples = require("../lib/samples");

const STATUSES = {
  draft: "Draft",
  coming_soon: "Coming soon",
  active: "Active",
  active_under_contract: "Active, under contract",
  pending: "Pending",
  closed: "Closed",
  hold: "Hold",
  withdrawn: "Withdrawn",
  canceled: "Canceled",
  expired: "Expired",
};

const inputFields = [
  { key: "address", label: "Address", type: "string", required: true },
  { key: "price", label: "Price", type: "number", required: true },
  { key: "bedrooms", label: "Bedrooms", type: "integer" },
  { key: "bathrooms", label: "Bathrooms", type: "number", helpText: "In quarters: `2.5`." },
  { key: "sqft", label: "Square Feet", type: "integer" },
  { key: "status", label: "Status", type: "string", choices: STATUSES, helpText: "Active when empty." },
  { key: "currency", label: "Currency", type: "string", helpText: "Three letters; `USD` when empty." },
  { key: "mlsNumber", label: "MLS Number", type: "string" },
  { key: "description", label: "Description", type: "text" },
  { key: "city", label: "City", type: "string" },
  { key: "stateOrProvince", label: "State or Province", type: "string" },
  { key: "postalCode", label: "Postal Code", type: "string" },
  { key: "yearBuilt", label: "Year Built", type: "integer" },
  { key: "hasPool", label: "Has a Pool", type: "boolean" },
];

module.exports = [
  {
    key: "create_listing",
    noun: "Listing",
    display: { label: "Create Listing", description: "Adds a listing; it stands on your website unless it is a draft." },
    operation: {
      inputFields,
      perform: async (z, bundle) => {
        const body = Object.fromEntries(inputFields.map(({ key }) => [key, bundle.inputData[key]]));
        const { listingId } = await call(z, bundle, "POST", "/listings", { body: filled(body) });
        return call(z, bundle, "GET", `/listings/${listingId}`);
      },
      sample: samples.listing,
    },
  },
];
