// The list of calls. Only the rows in view are elements, so that 10,000 calls do not stall it.
const ROW = 58;
const MORE = 8; // rows above and below the view
const MAX_CALLS = 10000;

class CallListView {
  constructor(open) {
    this.calls = new Map(); // by id, in order of arrival
    this.texts = new Map(); // what the text filter searches
    this.shown = []; // after the filters, the newest first
    this.selected = null;
    this.opened = null;
    this.open = open;
    this.options = { status: new Set(), model: new Set(), rule: new Set() };
    this.box = byId("list");
    this.rows = byId("rows");
    this.box.addEventListener("scroll", () => this.draw());
    new ResizeObserver(() => this.draw()).observe(this.box);
    this.box.addEventListener("keydown", (event) => this.onKey(event));
    // A click needs the same row at its begin and end: the list waits until the pointer is released.
    this.pressed = false;
    this.outdated = false;
    this.rows.addEventListener("pointerdown", () => { this.pressed = true; });
    for (const name of ["pointerup", "pointercancel", "blur"]) {
      // The click follows in the same task.
      window.addEventListener(name, () => setTimeout(() => this.release()));
    }
    byId("filters").addEventListener("input", () => this.filter());
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
  }

  update(calls) {
    for (const call of calls) {
      this.calls.set(call.id, call);
      this.texts.set(call.id, [call.method, call.model, call.prompt, call.answer, call.rule,
        call.status, call.tenant].join("\n").toLowerCase());
      this.addOption("status", call.status || "in progress");
      if (call.model) this.addOption("model", call.model);
      this.addOption("rule", ruleName(call));
    }
    for (const id of this.calls.keys()) {
      if (this.calls.size <= MAX_CALLS) break;
      this.remove(id);
    }
    this.filter(true);
  }

  remove(id) {
    this.calls.delete(id);
    this.texts.delete(id);
  }

  removeLog(log) {
    for (const call of [...this.calls.values()]) if (call.log === log) this.remove(call.id);
    this.filter();
  }

  clear() {
    this.calls.clear();
    this.texts.clear();
    this.filter();
  }

  addOption(name, value) {
    if (this.options[name].has(value)) return;
    this.options[name].add(value);
    const option = el("option", { value }, value);
    byId(name).append(option);
  }

  release() {
    this.pressed = false;
    if (this.outdated) this.filter(true);
  }

  filter(keepPlace) {
    this.outdated = this.pressed;
    if (this.pressed) return;
    const text = byId("search").value.trim().toLowerCase();
    const [status, model, rule] = ["status", "model", "rule"].map((name) => byId(name).value);
    const first = this.shown[Math.floor(this.box.scrollTop / ROW)];
    this.shown = [...this.calls.values()].filter((call) =>
      (!text || this.texts.get(call.id).includes(text)) &&
      (!status || (call.status || "in progress") === status) &&
      (!model || call.model === model) &&
      (!rule || ruleName(call) === rule)).reverse();
    this.rows.style.height = `${this.shown.length * ROW}px`;
    if (keepPlace && first && this.box.scrollTop > 0) {
      // New calls come above: the calls in view stay where they are.
      const index = this.shown.findIndex((call) => call.id === first.id);
      if (index >= 0) this.box.scrollTop = index * ROW + this.box.scrollTop % ROW;
    }
    const filtered = this.shown.length < this.calls.size;
    showCount(this.shown.length, filtered ? this.calls.size : null);
    this.draw();
  }

  draw() {
    // Rows of a longer list can still keep the box scrolled further than this list reaches.
    const end = Math.max(0, this.shown.length * ROW - this.box.clientHeight);
    const top = Math.min(this.box.scrollTop, end);
    const first = Math.max(0, Math.floor(top / ROW) - MORE);
    const last = Math.min(this.shown.length, Math.ceil((top + this.box.clientHeight) / ROW) + MORE);
    this.rows.replaceChildren(...this.shown.slice(first, last).map((call, index) =>
      this.row(call, first + index)));
    const active = this.rows.querySelector('[aria-selected="true"]');
    if (active) this.box.setAttribute("aria-activedescendant", active.id);
    else this.box.removeAttribute("aria-activedescendant");
  }

  row(call, index) {
    const images = call.images ? plural(call.images, "image") : "";
    const faults = call.faults ? plural(call.faults, "fault") : "";
    const attempt = call.attempt > 1 ? `attempt ${call.attempt}` : "";
    const status = call.status || "in progress";
    const code = call.http_status ? ` ${call.http_status}` : "";
    const more = [call.tenant === "default" ? "" : call.tenant, call.model, images, faults, attempt];
    const node = el("div", {
      className: `row${call.id === this.opened ? " open" : ""}`, id: `call-${call.id}`,
      role: "option", "aria-selected": String(call.id === this.selected),
      "aria-posinset": index + 1, "aria-setsize": this.shown.length, dataset: { id: call.id },
      on: { click: () => { this.select(call.id); this.open(call.id); } },
    },
    el("div", { className: "line" },
      el("span", { className: `status ${statusClass(call.status)}` }, status + code),
      el("span", { className: "grow" }, call.prompt || call.method),
      el("span", { className: "dim" }, milliseconds(call.duration))),
    el("div", { className: "line dim" },
      el("span", {}, timeOfDay(call.started)),
      el("span", { className: "grow" }, [call.method, ...more].filter(Boolean).join(" · ")),
      el("span", {}, call.unmatched ? "no rule" : "")));
    node.style.top = `${index * ROW}px`;
    return node;
  }

  select(id) {
    this.selected = id;
    const index = this.shown.findIndex((call) => call.id === id);
    if (index >= 0) {
      const [top, bottom] = [index * ROW, (index + 1) * ROW];
      if (top < this.box.scrollTop) this.box.scrollTop = top;
      else if (bottom > this.box.scrollTop + this.box.clientHeight) {
        this.box.scrollTop = bottom - this.box.clientHeight;
      }
    }
    this.draw();
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.box.clientHeight / ROW) - 1);
    const steps = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page,
      Home: -Infinity, End: Infinity };
    if (event.key === "Enter" && this.selected) {
      event.preventDefault();
      this.open(this.selected);
    } else if (event.key in steps && this.shown.length) {
      event.preventDefault();
      const now = this.shown.findIndex((call) => call.id === this.selected);
      const next = now < 0 ? 0 : now + steps[event.key];
      this.select(this.shown[Math.min(Math.max(next, 0), this.shown.length - 1)].id);
    }
  }
}

function ruleName(call) {
  return call.rule || (call.unmatched ? "no rule matched" : "rules do not apply");
}

function showCount(count, total) {
  document.querySelector("h1").textContent =
    total === null ? plural(count, "call") : `${count.toLocaleString("en")} of ${plural(total, "call")}`;
}
