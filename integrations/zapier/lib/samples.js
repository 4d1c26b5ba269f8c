// A record of each kind as hooks carry them: what Zapier shows before there is one.
const client = {
  name: "Jane Doe",
  email: "jane@example.com",
  phone: "(555) 987-6543",
  buyingStage: "Searching",
  id: "cli_01kars6r28f4sahm7d9q2b5c6n",
  pipeline: "buyer",
  source: null,
  notes: null,
  createdAt: "2026-11-23T15:01:01.000Z",
  updatedAt: "2026-11-23T15:01:01.000Z",
};

const lead = {
  name: "John Smith",
  email: "john@example.com",
  phone: "(555) 123-4567",
  source: "zillow",
  id: "lead_01kars4wg0e0pb4q1m3t5v7x9z",
  status: "new",
  propertyAddress: "123 Main St, Miami, FL",
  notes: "Interested in 3BR homes",
  samePersonAs: [],
  createdAt: "2026-11-23T15:00:00.000Z",
  updatedAt: "2026-11-23T15:00:00.000Z",
};

const unknown = [
  "mlsNumber", "propertyType", "propertySubType", "description", "city", "stateOrProvince", "postalCode", "countyOrParish",
  "country", "unitNumber", "latitude", "longitude", "lotSizeSqft", "yearBuilt", "garageSpaces", "hasPool", "associationFee",
  "associationFeeFrequency", "taxAnnualAmount", "originalPrice", "closePrice", "closeDate", "onMarketDate", "expirationDate",
  "virtualTourUrl", "privateRemarks", "showingInstructions",
];

const listing = {
  address: "456 Oak Ave, Miami, FL",
  price: 750000,
  bedrooms: 4,
  bathrooms: 2.5,
  sqft: 2400,
  id: "lst_01kars8kqge5r7t9w1y3a5c7e9",
  status: "active",
  currency: "USD",
  ...Object.fromEntries(unknown.map((key) => [key, null])),
  createdAt: "2026-11-23T15:02:02.000Z",
  updatedAt: "2026-11-23T15:02:02.000Z",
};

const showing = {
  name: "Jane Doe",
  email: "jane@example.com",
  phone: "(555) 987-6543",
  address: "456 Oak Ave, Miami, FL",
  requestedTimes: ["2026-11-28T15:00:00.000Z", "2026-11-29T17:30:00.000Z"],
  notes: "After work, if possible",
  id: "shw_01karsafcrfkv2w4y6z8a0c2e4",
  clientId: client.id,
  listingId: listing.id,
  status: "requested",
  confirmedTime: null,
  createdAt: "2026-11-23T15:03:03.000Z",
  updatedAt: "2026-11-23T15:03:03.000Z",
};

const stageChange = { ...client, buyingStage: "Touring", previousStage: "Searching" };

const note = { id: "note_01kars9fj6e8r0t2w4y6a8c0e2", text: "Called back, wants to see it on Saturday.", createdAt: "2026-11-23T15:04:04.000Z" };

module.exports = { client, lead, listing, showing, stageChange, note };
