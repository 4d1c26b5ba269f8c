// Finding what is there already.
const { call, filled } = require("../lib/api");
const samples = require("../lib/samples");

/** By what was filled in: e-mail address, else phone number, else words. The newest first; nothing filled in finds nothing. */
function find({ kind, noun, route, inputFields, query = {}, sample }) {
  return {
    key: `find_${kind}`,
    noun,
    display: { label: `Find ${noun}`, description: `Finds a ${kind} by ${inputFields.map((field) => field.label.toLowerCase()).join(", ")}.` },
    operation: {
      inputFields,
      perform: async (z, bundle) => {
        const given = filled(Object.fromEntries(inputFields.map(({ key }) => [key, bundle.inputData[key]])));
        for (const [key, value] of Object.entries(given)) {
          const page = await call(z, bundle, "GET", `/${route}`, { query: { limit: 10, ...query, [key]: value } });
          if (page[route].length > 0) return page[route];
        }
        return [];
      },
      sample,
    },
  };
}

const person = [
  { key: "email", label: "E-mail Address", type: "string" },
  { key: "phone", label: "Phone Number", type: "string", helpText: "However it is written; used when the e-mail address finds nobody." },
  { key: "q", label: "Words", type: "string", helpText: "Beginnings of words of the record; used when the others find nobody." },
];

module.exports = [
  find({ kind: "lead", noun: "Lead", route: "leads", inputFields: person, sample: samples.lead }),
  find({ kind: "client", noun: "Client", route: "clients", inputFields: person, sample: samples.client }),
  find({
    kind: "listing",
    noun: "Listing",
    route: "listings",
    inputFields: [{ key: "q", label: "Words of the Address", type: "string", required: true }],
    query: { status: "all" },
    sample: samples.listing,
  }),
];
