// Adding a client, and moving one to another stage.
const { call, filled } = require("../lib/api");
const samples = require("../lib/samples");

const createClient = {
  key: "create_client",
  noun: "Client",
  display: {
    label: "Create Client",
    description: "Adds a client. One who has the e-mail address already is filled in where something is missing, not added again.",
  },
  operation: {
    inputFields: [
      { key: "name", label: "Name", type: "string", required: true },
      { key: "email", label: "E-mail Address", type: "string", required: true },
      { key: "phone", label: "Phone Number", type: "string" },
      { key: "source", label: "Source", type: "string", dynamic: "source_list.id.label" },
      { key: "notes", label: "Notes", type: "text" },
    ],
    perform: async (z, bundle) => {
      const { name, email, phone, source, notes } = bundle.inputData;
      const { clientId } = await call(z, bundle, "POST", "/clients", { body: filled({ name, email, phone, source, notes }) });
      return call(z, bundle, "GET", `/clients/${clientId}`);
    },
    sample: samples.client,
  },
};

const changeStage = {
  key: "change_stage",
  noun: "Stage",
  display: { label: "Change Client Stage", description: "Moves a client to a stage of your pipeline." },
  operation: {
    inputFields: [
      { key: "clientId", label: "Client", type: "string", required: true, dynamic: "client_list.id.label", search: "find_client.id" },
      { key: "stage", label: "Stage", type: "string", required: true, dynamic: "stage_list.id.label" },
    ],
    perform: (z, bundle) =>
      call(z, bundle, "PATCH", `/clients/${encodeURIComponent(bundle.inputData.clientId)}`, {
        body: { buyingStage: bundle.inputData.stage },
      }),
    sample: samples.client,
  },
};

module.exports = [createClient, changeStage];
