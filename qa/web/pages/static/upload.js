// The documents page: sends chosen files one by one, removes one after a second question, and follows the build.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const { root } = document.documentElement.dataset;
  const form = byId("upload");
  const said = byId("upload-said");
  const list = byId("upload-files");
  const removal = byId("remove");
  const UNREAD = new Set(["failed", "kept", "skipped"]);
  const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });
  const address = (path) => `${root}/api/files/${path.split("/").map(encodeURIComponent).join("/")}`;

  // Ask again if the server restarts.
  async function state() {
    try {
      const reply = await fetch(`${root}/api/index`);
      return reply.ok ? await reply.json() : null;
    } catch {
      return null;
    }
  }

  function row(name) {
    const item = document.createElement("li");
    const fate = document.createElement("b");
    const label = document.createElement("span");
    const bar = document.createElement("progress");
    label.dir = "auto";
    label.textContent = name;
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", `Sent of ${name}`);
    fate.textContent = "waiting";
    item.append(fate, " ", label, " ", bar);
    list.append(item);
    return {
      name,
      sent(share) { fate.textContent = "sending"; bar.value = share; },
      told(word, reason) {
        bar.remove();
        fate.textContent = word;
        item.className = word;
        label.textContent = reason ? `${name}: ${reason}` : name;
      },
    };
  }

  // Only XMLHttpRequest reports how much of a body was sent.
  function send(file, token, entry) {
    return new Promise((done) => {
      const request = new XMLHttpRequest();
      request.open("PUT", address(file.name));
      request.setRequestHeader("Authorization", `Bearer ${token}`);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.upload.onprogress = (event) => entry.sent(event.loaded / event.total);
      request.onloadend = () => {
        if (request.status === 202) {
          entry.told("stored");
          entry.change = JSON.parse(request.responseText);
        } else {
          entry.told("failed", reason(request.status, request.responseText));
        }
        done(request.status);
      };
      request.send(file);
    });
  }

  // The error's own message is for programs if the token is wrong.
  function reason(status, text) {
    if (status === 401) return "the token is wrong";
    try {
      return JSON.parse(text).error.message;
    } catch {
      return "the server did not answer; try again";
    }
  }

  // Wait for a build that started after the last change. An earlier one may already have read some of the files, so a
  // file that this build has nothing to say about is as the change left it.
  async function follow(entries) {
    const asked = entries.at(-1).change.asked_at;
    for (let waited = 0; waited < 1200; waited += 1) {
      await pause(500);
      const now = await state();
      const built = now && now.last_build;
      if (built && built.started_at >= asked) {
        if (built.error) {
          said.replaceChildren(`The documents could not be read: ${built.error} `, again());
          return;
        }
        const files = built.files || [];
        for (const { change, told } of entries) {
          const { fate, reason: why } = files.find((file) => file.source === change.source) || {};
          told(UNREAD.has(fate) ? fate : change.fate, why || inside(change.source, files));
        }
        const outcome = built.held_back
          ? `The documents are as in snapshot ${built.held_back}, which was rolled back, so the list does not change. `
          : "The documents were read. ";
        said.replaceChildren(outcome, again());
        return;
      }
      if (now && now.building) {
        const left = now.building.seconds_left;
        said.textContent = `${now.building.step}, ${now.building.done} of ${now.building.total} ${now.building.unit || ""}`
          + (left === null ? "" : `, about ${Math.ceil(left)} s left`);
      }
    }
    said.replaceChildren("The documents are still being read. ", again());
  }

  // What was not read of the documents in a zipped folder or a message.
  function inside(source, files) {
    const found = files.filter((file) => UNREAD.has(file.fate) && file.source.startsWith(`${source}/`))
      .map((file) => `${file.fate} ${file.source.slice(source.length + 1)}, ${file.reason}`);
    return found.slice(0, 3).concat(found.length > 3 ? `and ${found.length - 3} more` : []).join("; ");
  }

  function again() {
    const link = document.createElement("a");
    link.href = location.pathname;
    link.textContent = "Show the list as it is now";
    return link;
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    const token = form.elements.token.value;
    const files = [...form.elements.files.files];
    list.replaceChildren();
    said.textContent = "";
    button.disabled = true;
    try {
      const entries = files.map((file) => row(file.name));
      const stored = [];
      for (const [at, file] of files.entries()) {
        const status = await send(file, token, entries[at]);
        if (status === 202) stored.push(entries[at]);
        if (status === 401) {
          for (const waiting of entries.slice(at + 1)) waiting.told("not sent");
          break;
        }
      }
      if (stored.length) {
        said.textContent = "Stored; waiting to be read";
        await follow(stored);
      }
    } finally {
      button.disabled = false;
    }
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove]");
    if (!button) return;
    byId("remove-name").textContent = button.dataset.remove;
    removal.returnValue = "";
    removal.querySelector("form").reset();
    removal.showModal();
  });

  removal.addEventListener("close", async () => {
    if (removal.returnValue !== "remove") return;
    const name = byId("remove-name").textContent;
    const token = removal.querySelector("input").value;
    list.replaceChildren();
    said.scrollIntoView({ block: "center" });
    try {
      const reply = await fetch(address(name), { method: "DELETE", headers: { Authorization: `Bearer ${token}` } });
      const entry = row(name);
      if (reply.ok) {
        entry.told("removed");
        entry.change = await reply.json();
        said.textContent = "Removed; waiting for the index";
        await follow([entry]);
      } else {
        entry.told("failed", reason(reply.status, await reply.text()));
      }
    } catch {
      said.textContent = "The server did not answer. Remove it again.";
    }
  });
})();
