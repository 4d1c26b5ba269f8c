// Keeps an open page up to date: hears by server-sent events that something changed, asks for the page again, and takes over the parts
// that differ. Nothing that is typed, ticked, open or dragged is touched.
"use strict";

(() => {
  const page = document.querySelector(".page[data-live]");
  const nouns = page?.dataset.live.split(" ").filter(Boolean) ?? [];
  if (!nouns.length || !window.EventSource) return;

  const news = document.getElementById("news");
  /** A list that a new lead does not come into: it is told where all of them are. */
  const elsewhere = page.dataset.elsewhere;
  let last = page.dataset.after;
  let source = null;
  /** Whether changes may have been missed that have no number. */
  let isBehind = false;

  // Waiting for a quiet moment.
  const QUIET = 600;
  const APART = 1000;
  let touchedAt = -QUIET;
  let isDown = false;
  const touch = () => { touchedAt = performance.now(); };
  for (const name of ["pointerdown", "pointerup", "pointercancel", "keydown"]) {
    document.addEventListener(name, (event) => {
      if (name.startsWith("pointer")) isDown = name === "pointerdown";
      touch(event);
    }, { capture: true, passive: true });
  }
  // A finger that scrolls ends its pointer without going up.
  document.addEventListener("touchend", () => { isDown = false; touch(); }, { capture: true, passive: true });
  const isBusy = () => isDown || performance.now() - touchedAt < QUIET || document.querySelector(".dragged, .sortable-fallback");

  /** Whether somebody works with this control: its value is not the page's, or it has the focus. */
  const isTouched = (control) => {
    if (control === document.activeElement) return true;
    if (control.type === "checkbox" || control.type === "radio") return control.checked !== control.defaultChecked;
    if (control.localName !== "select") return control.type !== "hidden" && control.value !== control.defaultValue;
    const preset = [...control.options].findIndex((option) => option.defaultSelected);
    return control.selectedIndex !== Math.max(preset, 0);
  };
  const isHeld = (element) =>
    element.contains(document.activeElement) || [...element.querySelectorAll("input, select, textarea")].some(isTouched);

  /** An attribute that is set here, not by the server. */
  const isOurs = (element, name) => name === "open" || (name === "class" && element.classList.contains("fresh"));

  /** Makes `old` like `next`, touching only what differs. */
  const morph = (old, next, isRegion) => {
    if (old.isEqualNode(next)) return;
    if (old.nodeType !== Node.ELEMENT_NODE) {
      old.data = next.data;
      return;
    }
    if (old.matches("input, select, textarea") && isTouched(old)) return;
    if (!isRegion) {
      for (const { name, value } of next.attributes) if (!isOurs(old, name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
      for (const { name } of [...old.attributes]) if (!isOurs(old, name) && !next.hasAttribute(name)) old.removeAttribute(name);
    }
    // What is gone goes first: then what stays need not be moved, which would take the focus from it.
    const kept = new Set([...next.children].map((child) => child.dataset.key));
    const keyed = new Map();
    for (const child of [...old.children]) {
      const { key } = child.dataset;
      if (key && !kept.has(key) && !isHeld(child)) child.remove();
      else if (key) keyed.set(key, child);
    }
    let place = old.firstChild;
    for (const child of [...next.childNodes]) {
      const key = child.dataset?.key;
      const own = key && keyed.get(key);
      if (own) {
        keyed.delete(key);
        if (own === place) place = place.nextSibling;
        else old.insertBefore(own, place);
        if (!isHeld(own)) morph(own, child);
        continue;
      }
      // What stands at the place is the same thing, unless it has a key of its own.
      while (!key && place && keyed.get(place.dataset?.key) === place && child.nodeType === Node.ELEMENT_NODE) place = place.nextSibling;
      if (!key && place && place.nodeName === child.nodeName && !place.dataset?.key) {
        const held = place;
        place = place.nextSibling;
        morph(held, child);
        continue;
      }
      const added = document.importNode(child, true);
      if (key) {
        for (const details of added.querySelectorAll("details[open]")) details.open = false;
        added.classList.add("fresh");
        setTimeout(() => added.classList.remove("fresh"), 6500);
      }
      old.insertBefore(added, place);
    }
    while (place) {
      const gone = place;
      place = place.nextSibling;
      if (!gone.dataset?.key) gone.remove();
    }
  };

  const take = (text) => {
    const next = new DOMParser().parseFromString(text, "text/html");
    for (const region of document.querySelectorAll("[data-region]")) {
      const same = next.querySelector(`[data-region="${region.dataset.region}"]`);
      if (!same) continue;
      if (same.localName === region.localName) morph(region, same, true);
      else if (!isHeld(region)) region.replaceWith(document.importNode(same, true));
    }
  };

  // One request at a time, at most one a second, and none while the page is in use.
  let timer = null;
  let isAsking = false;
  let isWanted = false;
  let askedAt = -APART;
  const refresh = (isAtOnce) => {
    isWanted = true;
    if (isAtOnce) {
      clearTimeout(timer);
      timer = null;
    }
    if (timer || isAsking) return;
    const wait = isAtOnce ? 0 : Math.max(120, APART - (performance.now() - askedAt));
    timer = setTimeout(async () => {
      timer = null;
      if (document.hidden) return;
      if (!isAtOnce && isBusy()) return refresh();
      if (!isAtOnce && hasTicks()) return showBar();
      isAsking = true;
      isWanted = false;
      askedAt = performance.now();
      try {
        const answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } });
        // Whoever is signed out by now is sent elsewhere.
        if (answer.ok && !answer.redirected) {
          const text = await answer.text();
          if (isAtOnce || !isBusy()) {
            take(text);
            hideBar();
          } else isWanted = true;
        }
      } catch {
        // No network: the stream comes back, and with it a look at everything.
        isBehind = true;
      }
      isAsking = false;
      if (isWanted) refresh();
    }, wait);
  };

  // Somebody who ticks rows is not to have them move.
  const hasTicks = () => document.querySelector("[data-region] tbody input[type=checkbox]:checked");
  let bar = null;
  let arrived = 0;
  const count = (number) => `${number} new ${number === 1 ? "lead" : "leads"}`;
  const showBar = (text, label, link) => {
    const words = text ?? (arrived ? count(arrived) : "Something has changed");
    if (!bar) {
      bar = document.createElement("div");
      bar.className = "notice busy apart arrivals";
      const [said, action] = [document.createElement("p"), document.createElement(link ? "a" : "button")];
      action.className = "button compact";
      action.textContent = label ?? "Show";
      if (link) action.href = link;
      else {
        action.type = "button";
        action.addEventListener("click", () => {
          hideBar();
          refresh(true);
        });
      }
      bar.append(said, action);
      page.prepend(bar);
    }
    bar.firstChild.textContent = words;
  };
  const hideBar = () => {
    bar?.remove();
    bar = null;
    arrived = 0;
  };

  // Several at once are said in one breath.
  let names = [];
  let saying = null;
  const say = (name) => {
    names.push(name);
    saying ??= setTimeout(() => {
      news.textContent = names.length === 1 && names[0] ? `New lead: ${names[0]}` : count(names.length);
      names = [];
      saying = null;
    }, 400);
  };

  const stop = () => {
    source?.close();
    source = null;
  };
  const start = () => {
    if (source || document.hidden) return;
    const query = new URLSearchParams({ after: last });
    if ("log" in page.dataset) query.set("webhook", location.pathname.split("/").pop());
    const opened = new EventSource(`/dashboard/live?${query}`);
    source = opened;
    const hear = (name, told) => opened.addEventListener(name, (message) => {
      if (source !== opened) return;
      last = message.lastEventId;
      told(JSON.parse(message.data));
    });
    hear("lead.created", ({ name }) => {
      say(name);
      arrived += 1;
      if (elsewhere) return showBar(undefined, "Show", elsewhere);
      if (bar) showBar();
      if (nouns.includes("leads")) refresh();
    });
    for (const [name, noun] of [["client.created", "clients"], ["client.stage_changed", "clients"], ["showing.requested", "showings"]]) {
      hear(name, () => { if (nouns.includes(noun)) refresh(); });
    }
    hear("changed", ({ nouns: changed }) => {
      if (!elsewhere && changed.some((noun) => noun === "*" || nouns.includes(noun))) refresh();
    });
    hear("deliveries", () => refresh());
    hear("reload", () => (elsewhere ? showBar("Much has changed", "Show", elsewhere) : refresh()));
    hear("replaced", stop);
    hear("signed-out", () => {
      stop();
      hideBar();
      showBar("You are signed out", "Sign in", `/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    });
    opened.addEventListener("open", () => {
      if (isBehind && !elsewhere) refresh();
      isBehind = false;
    });
    opened.addEventListener("error", () => {
      isBehind = true;
      // Refused, for want of room: the browser does not come back by itself.
      if (opened.readyState !== EventSource.CLOSED || source !== opened) return;
      source = null;
      setTimeout(start, 30000);
    });
  };
  const follow = () => {
    if (document.hidden) {
      isBehind = true;
      stop();
    } else start();
  };
  document.addEventListener("visibilitychange", follow);
  addEventListener("pagehide", () => { isBehind = true; stop(); });
  addEventListener("pageshow", (event) => { if (event.persisted) follow(); });
  start();
})();
