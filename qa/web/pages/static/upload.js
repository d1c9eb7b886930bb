// The upload box on the documents page: sends each chosen file, then follows the build until it is done.
"use strict";

(() => {
  const form = document.getElementById("upload");
  const said = document.getElementById("upload-said");
  const { root } = document.documentElement.dataset;
  const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

  async function state() {
    const reply = await fetch(`${root}/api/index`);
    return reply.ok ? reply.json() : {last_build: null, building: null};
  }

  async function send(file, token) {
    const reply = await fetch(`${root}/api/documents/${encodeURIComponent(file.name)}`, {
      method: "PUT",
      body: file,
      headers: {Authorization: `Bearer ${token}`},
    });
    if (!reply.ok) throw new Error((await reply.json()).error.message);
  }

  async function follow(before) {
    for (let waited = 0; waited < 600; waited += 1) {
      await pause(500);
      const now = await state();
      if (now.last_build && now.last_build.finished_at !== before) {
        location.reload();
        return;
      }
      if (now.building) {
        const left = now.building.seconds_left;
        said.textContent = `${now.building.step}, ${now.building.done} of ${now.building.total} ${now.building.unit}`
          + (left === null ? "" : `, about ${Math.ceil(left)} s left`);
      }
    }
    said.textContent = "Stored. The build goes on; reload this page later.";
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const token = form.elements.token.value;
    form.querySelector("button").disabled = true;
    try {
      const before = ((await state()).last_build || {}).finished_at;
      for (const file of form.elements.files.files) {
        said.textContent = `Sending ${file.name}`;
        await send(file, token);
      }
      said.textContent = "Stored; waiting for the build";
      await follow(before);
    } catch (error) {
      said.textContent = error.message;
    } finally {
      form.querySelector("button").disabled = false;
    }
  });
})();
