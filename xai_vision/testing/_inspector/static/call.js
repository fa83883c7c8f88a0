// The view of one call.
const MAX_SPANS = 2000;

function showCall(view, source, actions) {
  const title = view.prompt ? view.prompt.slice(0, 300) : view.method;
  const parts = [
    el("div", { className: "head" },
      el("button", { id: "back", type: "button", on: { click: actions.close } }, "← Calls"),
      el("h2", {}, title)),
    section("Call", facts(callFacts(view))),
    view.messages.length ? section(messagesTitle(view), ...view.messages.map((message) =>
      messageView(message, view, source))) : null,
    view.earlier_images.length ? section("Images of earlier turns",
      imageRow(view.earlier_images.map((_, index) => figure(view, "earlier", index, source)))) : null,
    view.upload ? section("Upload", text(view.upload)) : null,
    entries(view.settings).length ? section("Settings", facts(entries(view.settings))) : null,
    view.tools.length ? section("Tools", ...view.tools.map((tool) => jsonBlock(toolName(tool), tool))) : null,
    section("Answer", ...answerView(view)),
    view.usage && entries(view.usage).length ? section("Usage and cost", facts([
      ...entries(view.usage), ["cost", view.cost === null ? "" : `$${view.cost.toFixed(6)}`]])) : null,
    section("Timeline", ...timelineView(view, actions)),
    section("Rules", rulesView(view)),
    entries(view.copies).length ? section("Copy", ...Object.entries(view.copies).map(copyView)) : null,
    section("Raw", facts(view.metadata.map(([key, value]) => [key, value])),
      ...Object.entries(view.raw).filter(([, value]) => value !== null)
        .map(([name, value]) => jsonBlock(name, value))),
  ];
  return parts.filter(Boolean);
}

function messagesTitle(view) {
  const [shown, all] = [view.messages.length, view.message_count];
  return shown < all ? `Messages: the first ${shown.toLocaleString("en")} of ${all.toLocaleString("en")}` : "Messages";
}

function section(title, ...children) {
  return el("section", { "aria-label": title }, el("h3", {}, title), ...children);
}

function entries(object) {
  return Object.entries(object || {}).map(([name, value]) =>
    [name, typeof value === "object" ? JSON.stringify(value) : String(value)]);
}

function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return el("dl", { className: "facts" }, ...shown.flatMap(([name, value]) =>
    [el("dt", {}, name), el("dd", {}, value)]));
}

function text(value, className) {
  return el("p", { className: `text ${className || ""}` }, value);
}

function callFacts(view) {
  const status = el("span", { className: `status ${statusClass(view.status)}` },
    (view.status || "in progress") + (view.http_status ? ` (HTTP ${view.http_status})` : ""));
  return [
    ["status", status], ["details", view.details], ["method", view.method], ["model", view.model],
    ["time", timeOfDay(view.started)], ["duration", milliseconds(view.duration)],
    ["tenant", view.tenant], ["key", view.key_id], ["client", view.peer],
    ["reported attempt", view.attempt > 1 ? String(view.attempt) : ""], ["turn", view.turn ? String(view.turn) : ""],
  ];
}

function messageView(message, view, source) {
  const images = [];
  const body = [];
  if (message.reasoning) body.push(text(message.reasoning, "reasoning"));
  for (const part of message.parts) {
    if (part.kind !== "image") body.push(text(part.kind === "text" ? part.text : `${part.kind}: ${part.text}`));
    else if (part.index === null) body.push(text(`image, not read: ${part.text}`));
    else images.push(figure(view, "images", part.index, source));
  }
  if (images.length) body.push(imageRow(images));
  body.push(...message.tool_calls.map(toolCallView));
  const about = [message.role, message.name, message.tool_call_id].filter(Boolean).join(" · ");
  return el("div", { className: "message" },
    el("div", { className: "role" }, about), el("div", { className: "body" }, ...body));
}

function toolCallView(call) {
  return el("pre", {}, `${call.name}(${call.arguments})\n${call.type} · ${call.id}`);
}

function imageRow(figures) {
  return el("div", { className: "images" }, ...figures);
}

function figure(view, kind, index, source) {
  const image = (kind === "images" ? view.images : view.earlier_images)[index];
  const label = `${image.format} ${image.width}×${image.height}`;
  const picture = el("img", { alt: `Image ${index + 1}: ${label}` });
  const button = el("button", { type: "button", "aria-label": `Open image ${index + 1}`,
    on: { click: () => openImage(view, kind, index, image, source) } }, picture);
  // The log may have dropped the bytes of an image.
  picture.addEventListener("error", () => button.replaceChildren("no longer in the log"));
  const url = source.imageUrl(view, kind, index, "thumb");
  if (url) picture.src = url;
  else button.replaceChildren("not in this page");
  const turn = image.orientation > 1 ? `EXIF orientation ${image.orientation}` : "";
  return el("figure", {}, button, el("figcaption", {},
    [label, plural(image.size, "byte"), turn, plural(image.tokens, "token"), `detail ${image.detail}`]
      .filter(Boolean).join(" · ")));
}

function openImage(view, kind, index, image, source) {
  const viewer = byId("viewer");
  const url = source.imageUrl(view, kind, index, "full");
  const picture = el("img", { alt: `Image ${index + 1}` });
  if (url) picture.src = url;
  viewer.replaceChildren(picture, facts([
    ["format", image.format], ["declared", image.declared], ["size", `${image.width}×${image.height} stored`],
    ["bytes", image.size.toLocaleString("en")],
    ["EXIF orientation", image.orientation === null ? "unknown" : String(image.orientation)],
    ["tokens", String(image.tokens)], ["detail", image.detail], ["colors", image.colors.join(", ")],
    ["source", image.source], ["SHA-256", image.sha256],
  ]), el("p", { className: "hint" }, `A copy with the orientation applied, at most ${source.side} pixels wide and high.`),
  el("button", { type: "button", on: { click: () => viewer.close() } }, "Close"));
  viewer.showModal();
}

function answerView(view) {
  const parts = [];
  for (const output of view.answer ? view.answer.outputs : []) {
    if (output.reasoning) parts.push(text(output.reasoning, "reasoning"));
    if (output.text && !view.chunks.length) parts.push(text(output.text));
    parts.push(...output.tool_calls.map(toolCallView));
    if (output.finish !== "invalid") parts.push(el("p", { className: "dim" }, `finish: ${output.finish}`));
  }
  if (view.chunks.length) parts.unshift(...streamView(view));
  if (view.answer && view.answer.citations.length) {
    parts.push(text(view.answer.citations.join("\n"), "dim"));
  }
  return parts.length ? parts : [el("p", { className: "hint" },
    view.raw.response ? "See the raw response." : "There is no answer.")];
}

function streamView(view) {
  const spans = view.chunks.slice(0, MAX_SPANS).filter((chunk) => chunk[1]).map(([at, content]) =>
    el("span", { className: "chunk", title: `after ${milliseconds(at)}`, dataset: { at } }, content));
  const rest = view.chunks.slice(MAX_SPANS).map((chunk) => chunk[1]).join("");
  const block = el("p", { className: "text", id: "stream" }, ...spans, rest);
  const replay = el("button", { type: "button", on: { click: () => replayStream(spans) } }, "Replay");
  return [block, el("p", { className: "dim" }, `${plural(view.chunks.length, "chunk")} `, replay)];
}

function replayStream(spans) {
  const start = spans.length ? Number(spans[0].dataset.at) : 0;
  for (const span of spans) {
    span.classList.add("late");
    setTimeout(() => span.classList.remove("late"), Number(span.dataset.at) - start);
  }
}

function timelineView(view, actions) {
  const events = view.timeline;
  const end = Math.max(1e-3, ...events.map((event) => event[0]), ...view.chunks.map((chunk) => chunk[0]));
  const mark = (at, kind) => {
    const node = el("i", { className: kind });
    node.style.left = `min(${(100 * at) / end}%, 100% - 3px)`;
    return node;
  };
  const track = el("div", { className: "track", "aria-hidden": "true" },
    ...view.chunks.slice(0, MAX_SPANS).map((chunk) => mark(chunk[0], "chunk-mark")),
    ...events.map(([at, kind]) => mark(at, kind)));
  const table = el("table", {}, ...events.map(([at, kind, label]) =>
    el("tr", {}, el("td", { className: "dim" }, milliseconds(at)),
      el("td", { className: kind === "fault" ? "bad" : "" }, label))));
  const attempts = view.attempts.length < 2 ? null : el("p", {}, "Attempts of this request: ",
    ...view.attempts.flatMap((attempt, index) => [
      el("button", { type: "button", ...(attempt.current ? { disabled: "" } : {}),
        on: { click: () => actions.open(attempt.id) } },
      `${index + 1}. ${attempt.status}${attempt.current ? "" : `, ${signed(attempt.at)}`}`), " "]));
  return [track, table, attempts].filter(Boolean);
}

function signed(value) {
  return value < 0 ? `${milliseconds(-value)} before` : `${milliseconds(value)} later`;
}

function rulesView(view) {
  if (!view.rules.length) return el("p", { className: "hint" }, "There are no rules.");
  return el("table", { className: "rules" }, ...view.rules.map(([rule, answered, why]) =>
    el("tr", {}, el("td", {}, rule), el("td", { className: answered ? "ok" : "" },
      answered ? `answered${why ? `; ${why}` : ""}` : why))));
}

function copyView([label, content]) {
  const button = el("button", { type: "button", on: { click: () => copyText(content, button) } }, "Copy");
  return el("details", {}, el("summary", {}, label), button, el("pre", {}, content));
}

function toolName(tool) {
  const [kind] = Object.keys(tool);
  return tool.function ? `function ${tool.function.name}` : kind;
}

function jsonBlock(title, value) {
  return el("details", {}, el("summary", {}, title), el("pre", {}, JSON.stringify(value, null, 2)));
}
