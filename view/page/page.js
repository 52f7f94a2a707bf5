"use strict";
(() => {
  const live = document.getElementById("live");
  const minute = 60, hour = 3600, day = 86400;
  let source, loading = false, again = false, waiting;

  // Times say how long ago they were; the clock's time is in their title.
  function tell() {
    for (const t of document.querySelectorAll("time[datetime]")) {
      if (!t.title) t.title = t.textContent;
      const s = Math.round((Date.now() - Date.parse(t.dateTime)) / 1000), n = Math.abs(s);
      const words = n < minute ? n + " s" : n < hour ? Math.floor(n / minute) + " min" : n < 2 * day ? Math.floor(n / hour) + " h" : Math.floor(n / day) + " d";
      const text = s < 0 ? "in " + words : n < 2 ? "now" : words + " ago";
      if (t.textContent !== text) t.textContent = text;
    }
  }

  // What the server rendered takes the place of what is shown, part by part: what did not change stays, with what is folded and selected.
  function show(next) {
    const main = document.querySelector("main"), parts = next.querySelector("main");
    const focused = document.activeElement && document.activeElement.closest("[id]");
    const old = new Map([...main.children].filter(e => e.id).map(e => [e.id, e]));
    const folded = new Map([...main.querySelectorAll("details[id]")].map(e => [e.id, e.open]));
    const made = [...parts.children].map(e => {
      const before = old.get(e.id);
      const text = e.outerHTML;
      if (before && before.rendered === text) return before;
      for (const d of e.querySelectorAll("details[id]")) if (folded.has(d.id)) d.open = folded.get(d.id);
      e.rendered = text;
      return document.adoptNode(e);
    });
    const now = [...main.children];
    if (made.length !== now.length || made.some((e, i) => e !== now[i])) main.replaceChildren(...made);
    document.title = next.title;
    document.body.dataset.version = next.body.dataset.version;
    if (focused && !focused.isConnected) {
      const heir = document.getElementById(focused.id);
      if (heir) (heir.querySelector("summary") || heir).focus({preventScroll: true});
    }
    tell();
  }

  async function load() {
    if (loading) { again = true; return; }
    if (!getSelection().isCollapsed) { waiting = true; return; } // somebody copies a command
    loading = true;
    try {
      const answer = await fetch(location.pathname, {cache: "no-store"});
      if (answer.ok || answer.status === 404) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch (e) {
      offline();
    }
    loading = false;
    if (again) { again = false; load(); }
  }

  function offline() { live.textContent = "arcadiad does not answer; what is shown may be old."; }

  function listen() {
    if (source) source.close();
    source = new EventSource("/events");
    source.onopen = () => { live.textContent = "This page updates by itself, and changes nothing."; };
    source.onmessage = e => { if (e.data !== document.body.dataset.version) load(); };
    source.onerror = () => {
      offline();
      if (source.readyState === EventSource.CLOSED) { // it is refused, perhaps for too many listeners: look now and then
        setTimeout(() => { load(); if (!document.hidden) listen(); }, 30000);
      }
    };
  }

  document.addEventListener("selectionchange", () => {
    if (waiting && getSelection().isCollapsed) { waiting = false; load(); }
  });
  document.addEventListener("visibilitychange", () => { // nobody looks: the daemon need not tell
    if (document.hidden) source.close(); else listen();
  });
  for (const e of document.querySelector("main").children) e.rendered = e.outerHTML;
  tell();
  setInterval(tell, 10000);
  listen();
})();
