// Settings → Notifications: asks the browser that this device be told, and gives what it answers to the server by a form.
"use strict";

(() => {
  const card = document.getElementById("devices");
  const form = card?.querySelector("form[data-subscribe]");
  if (!form) return;

  /** Shows what holds for this browser. */
  const say = (state) => {
    for (const place of card.querySelectorAll("[data-state]")) place.hidden = !place.dataset.state.split(" ").includes(state);
  };

  const text = card.dataset.key.replaceAll("-", "+").replaceAll("_", "/");
  const key = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  /** Whether a subscription is for this server's key: after a move to another server it is not. */
  const isOurs = (subscription) => {
    const given = subscription.options?.applicationServerKey;
    return !given || new Uint8Array(given).every((byte, place) => byte === key[place]);
  };

  async function look() {
    if (!window.isSecureContext) return say("insecure");
    if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) return say("none");
    if (Notification.permission === "denied") return say("denied");
    const registration = await navigator.serviceWorker.getRegistration("/dashboard");
    const held = await registration?.pushManager.getSubscription();
    say(held && isOurs(held) && card.dataset.told === "true" ? "told" : "ready");
  }

  async function subscribe() {
    const permission = await Notification.requestPermission();
    if (permission !== "granted") return say(permission === "denied" ? "denied" : "ready");
    say("busy");
    await navigator.serviceWorker.register("/service-worker.js", { scope: "/dashboard" });
    const { pushManager } = await navigator.serviceWorker.ready;
    const held = await pushManager.getSubscription();
    if (held && !isOurs(held)) await held.unsubscribe();
    const subscription = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    const { endpoint, keys } = subscription.toJSON();
    form.elements.endpoint.value = endpoint;
    form.elements.p256dh.value = keys.p256dh;
    form.elements.auth.value = keys.auth;
    form.submit();
  }

  const fail = (error) => {
    say("failed");
    card.querySelector("[data-reason]").textContent = error.message;
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    subscribe().catch(fail);
  });
  look().catch(fail);
})();
