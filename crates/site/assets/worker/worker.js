// Shows what is pushed to this device, and leads there. Nothing is kept or fetched here: pages come from the server.
"use strict";

const ICON = "%ICON%";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  let told = {};
  try {
    told = event.data.json();
  } catch {
    // Told all the same: a browser takes the permission away from who shows nothing.
  }
  const { title = "OrganicAgent", body = "", url = "/dashboard", tag, lang = "en" } = told;
  event.waitUntil(self.registration.showNotification(title, { body, tag, lang, icon: ICON, data: { url } }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  let target = new URL(event.notification.data?.url ?? "/dashboard", self.location.origin);
  if (target.origin !== self.location.origin) target = new URL("/dashboard", self.location.origin);
  event.waitUntil(
    (async () => {
      // A page that is open stays as it is: something may be half typed in it.
      const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
      const open = windows.find((window) => window.url === target.href);
      await (open ? open.focus() : self.clients.openWindow(target.href));
    })(),
  );
});

// The push service gave this device another address.
self.addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil(
    (async () => {
      const key = event.oldSubscription?.options.applicationServerKey;
      const renew = () => key && self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
      const renewed = event.newSubscription ?? (await renew());
      if (!renewed) return;
      const { endpoint, keys } = renewed.toJSON();
      const body = new URLSearchParams({ endpoint, p256dh: keys.p256dh, auth: keys.auth });
      await fetch("/dashboard/settings/notifications/devices", { method: "POST", body });
    })(),
  );
});
