// Asking to see a listing, in a client's name.
const { call, filled } = require("../lib/api");
const samples = require("../lib/samples");

module.exports = [
  {
    key: "create_showing",
    noun: "Showing",
    display: { label: "Create Showing", description: "Requests a showing of a listing for a client." },
    operation: {
      inputFields: [
        { key: "clientId", label: "Client", type: "string", required: true, dynamic: "client_list.id.label", search: "find_client.id" },
        { key: "listingId", label: "Listing", type: "string", required: true, dynamic: "listing_list.id.label", search: "find_listing.id" },
        { key: "requestedTimes", label: "Times", type: "datetime", required: true, list: true, helpText: "One to three times to come." },
        { key: "notes", label: "Notes", type: "text" },
        {
          key: "override",
          label: "Outside Your Hours Too",
          type: "boolean",
          helpText: "Without it, a time at which the home is not shown is refused, and the refusal names free ones.",
        },
      ],
      perform: async (z, bundle) => {
        const { clientId, listingId, requestedTimes, notes, override } = bundle.inputData;
        const { showingId } = await call(z, bundle, "POST", "/showings", {
          body: filled({ clientId, listingId, requestedTimes: [requestedTimes].flat(), notes, override }),
        });
        return call(z, bundle, "GET", `/showings/${showingId}`);
      },
      sample: samples.showing,
    },
  },
];
