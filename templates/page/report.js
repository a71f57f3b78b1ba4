(() => {
  "use strict";
  const query = document.getElementById("query"), state = document.getElementById("state");
  const items = [...document.querySelectorAll("[data-text]")], all = items.filter((item) => item.dataset.line === undefined).length, groups = [...document.querySelectorAll("[data-group]")];
  const shown = document.getElementById("shown");

  const names = document.getElementById("names"), named = names && names.querySelector("p"), every = names ? named.textContent.split(" ") : [];

  function narrow(words, asked) {
    if (!names) return;
    const left = state.value ? [] : every.filter((name) => words.every((word) => name.toLowerCase().includes(word)));
    named.textContent = left.join(" ");
    names.hidden = left.length === 0;
    names.open = asked && left.length > 0 && left.length <= 200;
  }

  function apply() {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const item of items) {
      const fits = (!state.value || item.dataset.state.replace("≠ ", "") === state.value || (state.value === "≠" && item.dataset.state.startsWith("≠")))
        && words.every((word) => item.dataset.text.includes(word));
      item.hidden = !fits;
      count += fits && item.dataset.line === undefined;
    }
    const asked = words.length > 0 || state.value !== "";
    for (const group of groups) {
      const left = group.querySelector("[data-text]:not([hidden])") !== null;
      group.hidden = asked && !left;
      if (asked && left) group.open = true;
    }
    narrow(words, asked);
    shown.textContent = asked ? `${count} of ${all} falsifiers` : `${all} falsifiers`;
    const hash = new URLSearchParams();
    if (query.value) hash.set("q", query.value);
    if (state.value) hash.set("state", state.value);
    history.replaceState(null, "", hash.size ? `#${hash}` : location.pathname + location.search);
  }

  function fromAddress() {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target) {
      for (let each = target; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
      target.scrollIntoView();
      return;
    }
    const hash = new URLSearchParams(location.hash.slice(1));
    query.value = hash.get("q") || "";
    state.value = hash.get("state") || "";
    if (query.value || state.value) apply();
  }

  query.addEventListener("input", apply);
  state.addEventListener("change", apply);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== query) { event.preventDefault(); query.focus(); }
    if (event.key === "Escape") { query.value = ""; state.value = ""; apply(); query.blur(); }
  });
  let opened = [];
  addEventListener("beforeprint", () => { opened = [...document.querySelectorAll("details:not([open])")]; for (const each of opened) each.open = true; });
  addEventListener("afterprint", () => { for (const each of opened) each.open = false; });
  addEventListener("hashchange", fromAddress);
  for (const each of document.querySelectorAll("[data-script]")) each.hidden = false;
  fromAddress();
})();
