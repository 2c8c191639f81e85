"use strict";
(() => {
  const question = JSON.parse(document.body.dataset.page);
  const rubric = document.getElementById("rubric");
  const boxes = [...document.querySelectorAll("article")];
  const place = `kernelmark/${question.assignment}/${question.notebook}/${question.grade_id}`;
  const touched = new Set();
  let unsaved = false;

  const rules = () => [...rubric.querySelectorAll(".rule")];
  const worth = (rule) => Number(rule.querySelector("input").value) || 0;
  const shown = (value) => String(Math.round(value * 100) / 100);

  function total(box) {
    const of = new Map(rules().map((rule) => [rule.dataset.item, worth(rule)]));
    const ticked = [...box.querySelectorAll(".ticks input:checked")].map((input) => input.value);
    const sum = ticked.reduce((before, item) => before + (of.get(item) || 0), 0);
    return { ticked, sum: Math.min(question.max_points, Math.max(0, sum)) };
  }

  function state(box) {
    const own = box.querySelector(".own");
    const { ticked, sum } = total(box);
    const typed = own.value !== "" && own.validity.valid;
    return { ticked, own: typed ? Number(own.value) : null, mark: typed ? Number(own.value) : ticked.length ? sum : null };
  }

  function draw() {
    const of = new Map(rules().map((rule) => [rule.dataset.item, worth(rule)]));
    let done = 0;
    for (const box of boxes) {
      for (const tick of box.querySelectorAll(".tick")) {
        const points = of.get(tick.querySelector("input").value);
        tick.querySelector(".worth").textContent = points > 0 ? `+${shown(points)}` : shown(points);
      }
      const own = box.querySelector(".own");
      const { ticked, sum } = total(box);
      const now = state(box);
      const most = Number(own.dataset.most);
      box.querySelector(".sum").textContent = !own.validity.valid ? "expected a number from 0"
        : now.own !== null && now.own > most ? `more than the ${shown(most)} there are`
        : now.own !== null ? (ticked.length ? `instead of ${shown(sum)} by the rubric` : "your own number")
        : ticked.length ? `${shown(sum)} by the rubric` : "";
      box.querySelector(".state").textContent = now.mark === null ? "" : `✓ ${shown(now.mark)} of ${shown(most)} points${touched.has(box) ? "" : " (before)"}`;
      box.classList.toggle("done", now.mark !== null);
      done += now.mark !== null;
    }
    document.getElementById("progress").textContent = `${done} of ${boxes.length} marked${unsaved ? ", not saved to a file yet" : ""}`;
    sieve();
  }

  function sieve() {
    const wanted = document.getElementById("show").value;
    for (const box of boxes) {
      const done = box.classList.contains("done");
      box.hidden = !box.contains(document.activeElement) && ((wanted === "open" && done) || (wanted === "done" && !done));
    }
  }

  function change(box) {
    if (box) touched.add(box);
    unsaved = true;
    draw();
    try { localStorage.setItem(place, JSON.stringify(saved())); } catch { /* private windows keep nothing */ }
  }

  function saved() {
    return {
      kernelmark: "answers", version: 1, ...question,
      rubric: rules().map((rule) => ({
        id: rule.dataset.item, text: rule.dataset.text, points: worth(rule),
        was: rule.dataset.was === "" ? null : Number(rule.dataset.was),
      })),
      answers: boxes.filter((box) => touched.has(box)).map((box) => {
        const now = state(box);
        return { ...JSON.parse(box.dataset.answer), ticked: now.ticked, own: now.own, comment: box.querySelector(".comment").value };
      }),
    };
  }

  function addRule(id, text, points) {
    const rule = document.createElement("label");
    rule.className = "rule";
    Object.assign(rule.dataset, { item: id, text, was: "" });
    const input = document.createElement("input");
    Object.assign(input, { type: "number", step: "any", value: String(points) });
    const words = document.createElement("span");
    words.textContent = text;
    rule.append(input, words);
    rubric.append(rule);
    for (const box of boxes) {
      const tick = document.createElement("label");
      tick.className = "tick";
      const check = document.createElement("input");
      Object.assign(check, { type: "checkbox", value: id });
      const mark = document.createElement("span");
      mark.className = "worth";
      const what = document.createElement("span");
      what.textContent = text;
      tick.append(check, mark, what);
      box.querySelector(".ticks").append(tick);
    }
  }

  function restore(said) {
    if (said.kernelmark !== "answers" || said.grade_id !== question.grade_id || said.assignment !== question.assignment) {
      throw new Error(`expected a file of ${question.assignment}, ${question.grade_id}`);
    }
    for (const item of said.rubric) {
      if (!rules().some((rule) => rule.dataset.item === item.id)) addRule(item.id, item.text, item.points);
      rules().find((rule) => rule.dataset.item === item.id).querySelector("input").value = item.points;
    }
    const byKey = new Map(said.answers.flatMap((answer) => answer.keys.map((key) => [key, answer])));
    for (const box of boxes) {
      const answer = byKey.get(JSON.parse(box.dataset.answer).keys[0]);
      if (!answer) continue;
      touched.add(box);
      for (const input of box.querySelectorAll(".ticks input")) input.checked = answer.ticked.includes(input.value);
      box.querySelector(".own").value = answer.own === null ? "" : answer.own;
      box.querySelector(".comment").value = answer.comment;
    }
    draw();
  }

  document.getElementById("answers").addEventListener("input", (event) => {
    const box = event.target.closest("article");
    // Who ticks an item means the rubric; who then types a number means the number.
    if (event.target.matches("[type=checkbox]")) box.querySelector(".own").value = "";
    change(box);
  });
  rubric.addEventListener("input", () => change(null));
  document.getElementById("show").addEventListener("change", sieve);
  document.getElementById("answers").addEventListener("click", (event) => {
    const box = event.target.closest("article");
    const own = box && box.querySelector(".own");
    if (event.target.matches(".zero")) own.value = "0";
    else if (event.target.matches(".full")) own.value = own.dataset.most;
    else if (event.target.matches(".clear")) {
      own.value = own.defaultValue;
      for (const input of box.querySelectorAll(".ticks input")) input.checked = input.defaultChecked;
      box.querySelector(".comment").value = box.querySelector(".comment").defaultValue;
      touched.delete(box);
      change(null);
      return;
    } else return;
    change(box);
  });
  document.getElementById("add").addEventListener("click", () => {
    const text = document.getElementById("added").value.trim();
    if (!text) { document.getElementById("added").focus(); return; }
    addRule(`n${[...crypto.getRandomValues(new Uint8Array(5))].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`, text, 1);
    document.getElementById("added").value = "";
    change(null);
  });
  document.getElementById("save").addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(saved(), null, 1)], { type: "application/json" }));
    link.download = `answers-${question.assignment}-${question.grade_id}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    unsaved = false;
    draw();
  });
  document.getElementById("load").addEventListener("change", async (event) => {
    try { restore(JSON.parse(await event.target.files[0].text())); unsaved = true; draw(); }
    catch (error) { alert(`This file cannot be read: ${error.message}`); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const visible = boxes.filter((box) => !box.hidden);
    const at = visible.findIndex((box) => box === document.activeElement || box.contains(document.activeElement));
    let next = null;
    if (event.key === "j") next = visible[at + 1];
    else if (event.key === "k") next = visible[at - 1];
    else if (event.key === "n") next = [...visible.slice(at + 1), ...visible.slice(0, at + 1)].find((box) => state(box).mark === null);
    else if (/^[1-9]$/.test(event.key) && at >= 0) {
      const input = visible[at].querySelectorAll(".ticks input")[Number(event.key) - 1];
      if (input) input.click();
    }
    if (next) { next.focus(); next.scrollIntoView({ block: "start" }); window.scrollBy(0, -60); }
  });
  window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });

  try {
    const before = JSON.parse(localStorage.getItem(place));
    const again = document.getElementById("again");
    if (before && before.answers.length) {
      again.hidden = false;
      again.addEventListener("click", () => { restore(before); unsaved = true; again.hidden = true; draw(); });
    }
  } catch { /* nothing was kept, or of another page */ }
  draw();
})();
