// Enhancement only: without this file every page still works. Keys, copying, and links without a query string.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const { root } = document.documentElement.dataset;
  const pause = (seconds) => new Promise((done) => { setTimeout(done, seconds * 1000); });
  const dialog = byId("keys");
  const keysOn = byId("keys-on");
  const results = () => [...document.querySelectorAll("a.open")].filter((link) => link.checkVisibility());

  // "#c812-1410" alone cannot reach the server, which does the marking.
  const place = /^#c(\d+-\d+)$/.exec(location.hash);
  if (place && document.querySelector("[data-document]") && !new URLSearchParams(location.search).has("quote")) {
    const here = new URL(location.href);
    here.searchParams.set("quote", place[1]);
    location.replace(here);
  }

  function say(words) {
    const status = byId("status");
    status.textContent = words;
    clearTimeout(say.timer);
    say.timer = setTimeout(() => { status.textContent = ""; }, 2000);
  }

  async function copy(source) {
    const text = source.textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Browsers offer the clipboard only to pages from this machine or over HTTPS; a selection works everywhere.
      const shut = source.closest("details:not([open])");
      if (shut) shut.open = true;
      getSelection().selectAllChildren(source);
      if (!document.execCommand("copy")) {
        say("Selected; copy it with your keyboard");
        return;
      }
    }
    say("Copied");
  }

  async function answers(path) {
    try {
      return (await fetch(root + path, { cache: "no-store" })).ok;
    } catch {
      return false;
    }
  }

  // A page about a restart reloads by itself.
  const waiting = document.querySelector("[data-wait]");
  if (waiting) {
    (async () => {
      waiting.textContent = "This page opens by itself as soon as it can.";
      do { await pause(Math.min(Number(waiting.dataset.wait) || 1, 2)); } while (!await answers("/readyz"));
      location.reload();
    })();
  }

  // A question sent during a restart is kept until the server answers.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.method !== "get" || form.dataset.reached) return;
    event.preventDefault();
    for (let tries = 0; !await answers("/healthz"); tries += 1) {
      byId("status").textContent = "The server does not answer at present. Your question is sent as soon as it does.";
      await pause(Math.min(1 + tries, 5));
    }
    form.dataset.reached = "yes";
    form.requestSubmit(event.submitter);
    delete form.dataset.reached;
  });

  function move(step) {
    const links = results();
    if (!links.length) return false;
    const current = document.activeElement.closest(".result");
    const at = links.findIndex((link) => current && current.contains(link));
    const next = links[at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step];
    if (!next) return false;
    next.focus({ preventScroll: true });
    next.closest(".result").scrollIntoView({ block: "nearest" });
    return true;
  }

  function copyCitation() {
    const within = document.activeElement.closest(".result") || document.querySelector(".result") || document;
    const citation = within.querySelector(".copyables pre[id$='-1']");
    if (citation) copy(citation);
    return Boolean(citation);
  }

  const actions = {
    "/": () => { const box = byId("q"); if (box) { box.focus(); box.select(); } else { location.assign(`${root}/`); } return true; },
    "j": () => move(1),
    "k": () => move(-1),
    "ArrowDown": () => move(1),
    "ArrowUp": () => move(-1),
    "c": copyCitation,
    "?": () => { dialog.showModal(); return true; },
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !keysOn.checked) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    if (Object.hasOwn(actions, event.key) && actions[event.key]()) event.preventDefault();
  });

  // Copy buttons are added here, which makes a page of twenty results a fifth smaller.
  function addCopying(head, source, words, name) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: words });
    button.setAttribute("aria-label", `Copy: ${name}`);
    button.addEventListener("click", () => copy(source));
    head.append(button);
  }
  for (const head of document.querySelectorAll("[data-copies]")) {
    const source = byId(head.dataset.copies);
    const link = source.querySelector("[data-link]");
    const name = head.textContent;
    if (link) addCopying(head, link, "Copy link", "Link");
    addCopying(head, source, "Copy", name);
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("button[data-keys]")) dialog.showModal();
  });

  // For a long list the page contains no titles; the API returns those that match the typed text.
  const suggest = document.querySelector("[data-suggest]");
  if (suggest) {
    suggest.addEventListener("input", () => {
      clearTimeout(suggest.timer);
      suggest.timer = setTimeout(async () => {
        const words = suggest.value.trim();
        if (words.length < 2) return;
        const reply = await fetch(`${root}/api/documents?${new URLSearchParams({ query: words, sort: "title", limit: 20 })}`);
        if (!reply.ok || words !== suggest.value.trim()) return;
        const found = (await reply.json()).documents;
        const names = new Set(found.flatMap((info) => [info.title, info.publisher]).filter(Boolean));
        suggest.list.replaceChildren(...[...names].map((name) => new Option("", name)));
      }, 150);
    });
  }

  // Some assistive tools type single letters, so the keys can be turned off; the choice is stored if allowed.
  try {
    keysOn.checked = localStorage.getItem("keys") !== "off";
    keysOn.addEventListener("change", () => localStorage.setItem("keys", keysOn.checked ? "on" : "off"));
  } catch {
    keysOn.checked = true;
  }
})();
