// The app as Zapier reads it: how to connect, what starts a Zap, what a Zap can do.
const { version: platformVersion } = require("zapier-platform-core");

const { version } = require("./package.json");
const authentication = require("./authentication");
const { addKey, explainRefusal } = require("./lib/api");
const events = require("./triggers/events");
const menus = require("./triggers/menus");
const leads = require("./creates/leads");
const clients = require("./creates/clients");
const listings = require("./creates/listings");
const showings = require("./creates/showings");
const notes = require("./creates/notes");
const finds = require("./searches/finds");

const byKey = (...parts) => Object.fromEntries(parts.flat().map((part) => [part.key, part]));

module.exports = {
  version,
  platformVersion,
  authentication,
  beforeRequest: [addKey],
  afterResponse: [explainRefusal],
  triggers: byKey(events, menus),
  creates: byKey(leads, clients, listings, showings, notes),
  searches: byKey(finds),
  searchOrCreates: byKey([
    {
      key: "find_lead",
      display: { label: "Find or Create Lead", description: "Finds a lead by e-mail address or phone number, or records one." },
      search: "find_lead",
      create: "create_lead",
    },
    {
      key: "find_client",
      display: { label: "Find or Create Client", description: "Finds a client by e-mail address or phone number, or adds one." },
      search: "find_client",
      create: "create_client",
    },
    {
      key: "find_listing",
      display: { label: "Find or Create Listing", description: "Finds a listing by words of its address, or adds one." },
      search: "find_listing",
      create: "create_listing",
    },
  ]),
};
