// A connection is the address of an installation and a key of an agent there.
const { call } = require("./lib/api");

module.exports = {
  type: "custom",
  fields: [
    {
      key: "baseUrl",
      label: "OrganicAgent Address",
      type: "string",
      required: true,
      placeholder: "https://crm.example.com",
      helpText: "Where you open your dashboard, up to the first slash: `https://crm.example.com`.",
    },
    {
      key: "apiKey",
      label: "API Key",
      type: "password",
      required: true,
      helpText:
        "Make one in your dashboard under **Settings → API**, with the scopes read and write. It begins with `oa_live_` and is shown once.",
    },
  ],
  test: (z, bundle) => call(z, bundle, "GET", "/me"),
  connectionLabel: (z, bundle) => `${bundle.inputData.name} (${bundle.inputData.agentId})`,
};
