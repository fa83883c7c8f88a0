// The page: live from the server, or with the calls in the document.
const embedded = byId("data");

// Where calls come from when the document contains them.
class EmbeddedCalls {
  side = 640; // as in thumbnails.py

  constructor(content) {
    this.content = content;
    this.views = new Map(content.calls.map((view) => [view.id, view]));
  }

  start(list) {
    list.update(this.content.calls);
    byId("notes").hidden = !this.content.notes.length;
    byId("notes").append(...this.content.notes.map((note) => text(note)));
    document.body.classList.toggle("single", this.content.calls.length === 1);
    if (this.content.calls.length) list.open(this.content.calls.at(-1).id);
  }

  async load(id) {
    return this.views.get(id);
  }

  imageUrl(view, kind, index) {
    const image = (kind === "images" ? view.images : view.earlier_images)[index];
    return this.content.thumbnails[image.sha256] || null;
  }
}

// Where calls come from when the server sends them.
class LiveCalls {
  side = 1600;

  start(list) {
    const events = new EventSource("events");
    // The first event of each connection; all calls follow.
    events.addEventListener("begin", () => {
      byId("state").textContent = "live";
      list.clear();
    });
    events.addEventListener("calls", (event) => {
      const calls = JSON.parse(event.data);
      list.update(calls);
      if (calls.some((call) => call.id === list.opened)) refresh();
    });
    events.addEventListener("cleared", (event) => list.removeLog(JSON.parse(event.data).log));
    events.onerror = () => { byId("state").textContent = "not connected"; };
  }

  async load(id) {
    const response = await fetch(`calls/${id}`);
    if (!response.ok) throw new Error(await response.text());
    return response.json();
  }

  imageUrl(view, kind, index, size) {
    return `calls/${view.id}/${kind}/${index}/${size}`;
  }
}

const source = embedded ? new EmbeddedCalls(JSON.parse(embedded.textContent)) : new LiveCalls();
const list = new CallListView(open);
const actions = { open, close };
const FOCUSABLE = "button, summary";
let timer = null;

async function open(id, keepScroll) {
  list.opened = id;
  const article = byId("call");
  const top = keepScroll ? article.scrollTop : 0;
  const focused = [...article.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement);
  const unfolded = [...article.querySelectorAll("details[open] > summary")].map((node) => node.textContent);
  let content;
  try {
    content = showCall(await source.load(id), source, actions);
  } catch (error) {
    content = [el("p", { className: "hint" }, String(error.message))];
  }
  if (list.opened !== id) return; // another call was opened meanwhile
  article.replaceChildren(...content);
  for (const details of article.querySelectorAll("details")) {
    details.open = unfolded.includes(details.firstChild.textContent);
  }
  if (keepScroll && focused >= 0) article.querySelectorAll(FOCUSABLE)[focused]?.focus();
  article.scrollTop = top;
  document.body.classList.add("reading");
  list.draw();
  if (!keepScroll) article.focus();
  article.dataset.id = id;
}

function refresh() {
  // A stream changes its call often; one load shows several changes.
  timer ||= setTimeout(() => {
    timer = null;
    if (list.opened) open(list.opened, true);
  }, 300);
}

function close() {
  if (document.body.classList.contains("single")) return; // there is no list to return to
  list.opened = null;
  document.body.classList.remove("reading");
  delete byId("call").dataset.id;
  byId("call").replaceChildren(el("p", { className: "hint" }, "Select a call."));
  list.draw();
  byId("list").focus();
}

document.addEventListener("keydown", (event) => {
  if (byId("viewer").open) return; // Escape closes the image
  const typing = event.target.matches("input, select, textarea");
  if (event.key === "/" && !typing) {
    event.preventDefault();
    byId("search").focus();
  } else if (event.key === "Escape") {
    if (typing) byId("list").focus();
    else close();
  }
});

list.filter();
source.start(list);
