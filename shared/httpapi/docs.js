"use strict";

// Shows /openapi.json. Text only ever becomes text nodes.

function node(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function resolve(spec, schema) {
  while (schema && schema.$ref) {
    schema = spec.components.schemas[schema.$ref.split("/").pop()];
  }
  return schema || {};
}

function kindOf(spec, schema) {
  const name = schema.$ref ? schema.$ref.split("/").pop() : "";
  const s = resolve(spec, schema);
  if (name) return name;
  if (s.items) return "array of " + kindOf(spec, s.items);
  return [].concat(s.type || "any").join(" or ");
}

function limits(s) {
  const named = ["enum", "default", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern"];
  return named.filter((n) => s[n] !== undefined).map((n) => n + " " + JSON.stringify(s[n])).join(", ");
}

function row(spec, name, place, required, schema, text) {
  const s = resolve(spec, schema);
  return node("tr", {}, node("td", {}, node("code", {}, name)), node("td", {}, place),
    node("td", {}, kindOf(spec, schema) + (required ? ", required" : "")),
    node("td", {}, [text || schema.description || s.description || "", limits(s)].filter(Boolean).join(" · ")));
}

function fieldsOf(spec, schema, place) {
  const s = resolve(spec, schema);
  const required = s.required || [];
  return Object.entries(s.properties || {}).map(([name, field]) => row(spec, name, place, required.includes(name), field));
}

function table(rows) {
  const head = node("tr", {}, ...["field", "in", "kind", ""].map((t) => node("th", {}, t)));
  return node("table", {}, node("thead", {}, head), node("tbody", {}, ...rows));
}

function curl(path, method, operation, example) {
  const lines = ["curl -X " + method.toUpperCase() + " " + location.origin + path];
  if (operation.security) lines.push('  -H "Authorization: Bearer $MEMHOOKS_KEY"');
  if (example !== undefined) {
    lines.push('  -H "Content-Type: application/json"', "  -d '" + JSON.stringify(example).replaceAll("'", "'\\''") + "'");
  }
  return lines.join(" \\\n");
}

function operationNode(spec, path, method, operation) {
  const scopes = (operation.security || []).flatMap((s) => Object.values(s).flat()).join(", ");
  const inside = node("div", { class: "inside" });
  if (operation.description) inside.append(node("p", {}, operation.description));
  const rows = (operation.parameters || []).map((p) => row(spec, p.name, p.in, p.required, p.schema || {}, p.description));
  const content = Object.entries((operation.requestBody || {}).content || {});
  for (const [kind, media] of content) rows.push(...fieldsOf(spec, media.schema || {}, kind === "application/json" ? "body" : kind));
  if (rows.length) inside.append(table(rows));
  const example = content.map(([, media]) => media.example).find((e) => e !== undefined);
  inside.append(node("pre", {}, curl(path, method, operation, example)));
  for (const [status, response] of Object.entries(operation.responses || {})) {
    inside.append(node("h4", {}, status + " " + (response.description || "")));
    for (const media of Object.values(response.content || {})) {
      const answer = fieldsOf(spec, media.schema || {}, "answer");
      if (answer.length) inside.append(table(answer));
    }
  }
  return node("details", { id: operation.operationId },
    node("summary", {}, node("span", { class: "scope" }, scopes || "open"), node("span", { class: "method" }, method.toUpperCase()),
      node("code", {}, path), " " + (operation.summary || "")), inside);
}

function show(spec) {
  document.getElementById("about").textContent = spec.info.description + " Version " + spec.info.version + ".";
  const groups = new Map();
  for (const [path, methods] of Object.entries(spec.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = (operation.tags || ["Other"])[0];
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operationNode(spec, path, method, operation));
    }
  }
  const main = document.getElementById("operations");
  main.replaceChildren(...[...groups].map(([tag, nodes]) => node("section", {}, node("h2", {}, tag), ...nodes)));
  document.getElementById("find").addEventListener("input", (event) => {
    const wanted = event.target.value.toLowerCase();
    for (const details of main.querySelectorAll("details")) {
      details.hidden = !details.querySelector("summary").textContent.toLowerCase().includes(wanted);
    }
  });
}

fetch("/openapi.json")
  .then((answer) => answer.json())
  .then(show)
  .catch((failure) => {
    document.getElementById("operations").textContent = "The description can't be read: " + failure;
  });
