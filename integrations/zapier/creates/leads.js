// Recording a lead, and saying how far it is.
const { call, filled } = require("../lib/api");
const samples = require("../lib/samples");

const STATUSES = {
  new: "New",
  attempted: "Attempted",
  contacted: "Contacted",
  appointment: "Appointment",
  qualified: "Qualified",
  nurture: "Nurture",
  client: "Client",
  archived: "Archived",
  junk: "Junk",
  do_not_contact: "Do not contact",
};

const details = [
  { key: "email", label: "E-mail Address", type: "string" },
  { key: "phone", label: "Phone Number", type: "string" },
  { key: "source", label: "Source", type: "string", dynamic: "source_list.id.label", helpText: "Where the lead comes from. Your own word does too." },
  { key: "propertyAddress", label: "Property Address", type: "string", helpText: "The home that the person asks about." },
  { key: "notes", label: "Notes", type: "text", helpText: "What the person wrote." },
];

const createLead = {
  key: "create_lead",
  noun: "Lead",
  display: { label: "Create Lead", description: "Records a lead. A person who asks again is another lead, linked to the earlier ones." },
  operation: {
    inputFields: [{ key: "name", label: "Name", type: "string", required: true }, ...details],
    perform: async (z, bundle) => {
      const { name, email, phone, source, propertyAddress, notes } = bundle.inputData;
      const { leadId } = await call(z, bundle, "POST", "/leads", {
        body: filled({ name, email, phone, source: source || "zapier", propertyAddress, notes }),
      });
      return call(z, bundle, "GET", `/leads/${leadId}`);
    },
    sample: samples.lead,
  },
};

const updateLead = {
  key: "update_lead",
  noun: "Lead",
  display: { label: "Update Lead", description: "Changes a lead, for example its status. What you leave empty stays as it is." },
  operation: {
    inputFields: [
      { key: "leadId", label: "Lead", type: "string", required: true, dynamic: "lead_list.id.label", search: "find_lead.id" },
      { key: "status", label: "Status", type: "string", choices: STATUSES },
      { key: "name", label: "Name", type: "string" },
      ...details,
    ],
    perform: (z, bundle) => {
      const { leadId, status, name, email, phone, source, propertyAddress, notes } = bundle.inputData;
      return call(z, bundle, "PATCH", `/leads/${encodeURIComponent(leadId)}`, {
        body: filled({ status, name, email, phone, source, propertyAddress, notes }),
      });
    },
    sample: samples.lead,
  },
};

module.exports = [createLead, updateLead];
