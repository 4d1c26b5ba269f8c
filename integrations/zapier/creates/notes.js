// A note on a lead or on a client.
const { call } = require("../lib/api");
const samples = require("../lib/samples");

const note = (kind, route) => ({
  key: `create_${kind}_note`,
  noun: "Note",
  display: { label: `Add Note to ${kind === "lead" ? "Lead" : "Client"}`, description: `Writes a note on a ${kind}.` },
  operation: {
    inputFields: [
      {
        key: `${kind}Id`,
        label: kind === "lead" ? "Lead" : "Client",
        type: "string",
        required: true,
        dynamic: `${kind}_list.id.label`,
        search: `find_${kind}.id`,
      },
      { key: "text", label: "Text", type: "text", required: true },
    ],
    perform: async (z, bundle) => {
      const notes = `/${route}/${encodeURIComponent(bundle.inputData[`${kind}Id`])}/notes`;
      const { noteId } = await call(z, bundle, "POST", notes, { body: { text: bundle.inputData.text } });
      return call(z, bundle, "GET", `${notes}/${noteId}`);
    },
    sample: samples.note,
  },
});

module.exports = [note("lead", "leads"), note("client", "clients")];
