// Elements are made with textContent and properties only: text from a call is never HTML.
function el(tag, properties, ...children) {
  const { className, dataset, on, ...attributes } = properties || {};
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  for (const [name, value] of Object.entries(dataset || {})) node.dataset[name] = value;
  for (const [name, listener] of Object.entries(on || {})) node.addEventListener(name, listener);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const byId = (id) => document.getElementById(id);

function statusClass(status) {
  return status === "OK" ? "ok" : status ? "bad" : "busy";
}

function milliseconds(value) {
  if (value === null || value === undefined) return "";
  return value < 1000 ? `${value < 10 ? value : Math.round(value)} ms` : `${(value / 1000).toFixed(2)} s`;
}

function plural(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

function timeOfDay(epoch) {
  const date = new Date(epoch);
  const pad = (number, width) => String(number).padStart(width, "0");
  return `${pad(date.getHours(), 2)}:${pad(date.getMinutes(), 2)}:${pad(date.getSeconds(), 2)}` +
    `.${pad(date.getMilliseconds(), 3)}`;
}

async function copyText(text, button) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // A page without the clipboard, such as one in a file: select the text instead.
    const area = el("textarea", { "aria-hidden": "true" });
    area.value = text;
    button.after(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = label; }, 1500);
}
