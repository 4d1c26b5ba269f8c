// Takes a picture of each page, light and dark, at both widths, into docs/screenshots: `node e2e/screenshots.js`.
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { WIDTHS, check, launch, open, signIn } from "./lib/browser.js";
import { Product } from "./lib/product.js";

const folder = path.resolve(import.meta.dirname, "../docs/screenshots");
await mkdir(folder, { recursive: true });
const [product, browser] = await Promise.all([Product.start({ ORGANICAGENT_RATE_LIMIT: "100000" }), launch()]);

/** The id of the first record of a list. */
async function first(route, key) {
  return (await product.api("GET", `/api/v1/${route}?limit=3`)).json[key][1].id;
}

try {
  const hook = { url: "http://127.0.0.1:9/hook", description: "Zapier: new leads" };
  const webhook = (await product.api("POST", "/api/v1/webhooks", hook)).json.id;
  await product.api("POST", `/api/v1/webhooks/${webhook}/test`, { event: "lead.created" });
  const pages = {
    "today": "/dashboard",
    "leads": "/dashboard/leads",
    "lead": `/dashboard/leads/${await first("leads", "leads")}`,
    "lead-new": "/dashboard/leads/new",
    "clients": "/dashboard/clients",
    "board": "/dashboard/clients/board",
    "client": `/dashboard/clients/${await first("clients", "clients")}`,
    "listings": "/dashboard/listings",
    "listing": `/dashboard/listings/${await first("listings", "listings")}`,
    "listing-new": "/dashboard/listings/new",
    "listing-import": "/dashboard/listings/import",
    "showings": "/dashboard/showings",
    "showing": `/dashboard/showings/${await first("showings", "showings")}`,
    "calendar": "/dashboard/showings/calendar",
    "guides": "/dashboard/guides",
    "website": "/dashboard/website",
    "posts": "/dashboard/website/posts",
    "availability": "/dashboard/settings/availability",
    "api": "/dashboard/settings/api",
    "webhook": `/dashboard/settings/api/webhooks/${webhook}`,
    "account": "/dashboard/settings/account",
    "profile": "/dashboard/settings/profile",
    "stages": "/dashboard/settings/stages",
    "data": "/dashboard/settings/data",
    "import": "/dashboard/leads/import",
    "components": "/dashboard/components",
    "notifications": "/dashboard/settings/notifications",
    "outbox": "/dashboard/outbox",
  };
  for (const width of WIDTHS) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await open(browser, product, { width, colorScheme });
      const take = (name) =>
        page.screenshot({ path: path.join(folder, `${name}-${width}-${colorScheme}.jpg`), type: "jpeg", quality: 60 });
      await page.goto("/login");
      await take("login");
      await signIn(page, product);
      for (const [name, route] of Object.entries(pages)) {
        await page.goto(route);
        await check(page);
        await take(name);
      }
      await page.context().close();
    }
  }
  // The website has one scheme, and three looks.
  const base = "/a/sarah-johnson";
  const oak = (await product.api("GET", "/api/v1/listings?limit=100")).json.listings.find(({ address }) => address.startsWith("456 Oak"));
  const shown = {
    "site-home": base,
    "site-listings": `${base}/listings`,
    "site-listing": `${base}/listings/${oak.id}`,
    "site-guide": `${base}/guides/five-things-to-do-before-you-sell`,
    "site-about": `${base}/about`,
    "site-post": `${base}/blog/three-questions-to-ask-before-you-buy-in-miami`,
    "site-contact": `${base}/contact`,
  };
  for (const width of WIDTHS) {
    const agent = await open(browser, product, { width });
    await signIn(agent, product);
    for (const theme of ["Classic", "Modern", "Warm"]) {
      await agent.goto("/dashboard/website");
      await agent.getByRole("radio", { name: theme }).check();
      await agent.getByRole("button", { name: "Save and look at it" }).click();
      await agent.getByText("It is saved.").waitFor();
      const publish = agent.getByRole("button", { name: "Publish" });
      if (await publish.isVisible()) await publish.click();
      const page = await open(browser, product, { width });
      for (const [name, route] of Object.entries(shown)) {
        await page.goto(route, { waitUntil: "networkidle" });
        await check(page);
        await page.screenshot({ path: path.join(folder, `${name}-${width}-${theme.toLowerCase()}.jpg`), type: "jpeg", quality: 60 });
      }
      await page.context().close();
    }
    await agent.context().close();
  }
} finally {
  await browser.close();
  await product.stop();
}
