// Refreshes the preview while one types, and lets a list of values offer the next value after a comma.
const form = document.querySelector("form[data-preview]");
const preview = document.getElementById("preview");
const told = document.getElementById("preview-told");
let waiting = 0;
let telling = 0;
let asking = false;
let stale = false;

// One request at a time: what was typed meanwhile is asked for once the answer is there.
async function refresh() {
  stale = true;
  if (asking) return;
  asking = true;
  try {
    while (stale) {
      stale = false;
      const answer = await fetch(form.dataset.preview, {method: "POST", body: new FormData(form)});
      if (answer.ok && !answer.redirected && !stale) show(await answer.text());
    }
  } finally {
    asking = false;
  }
}

// What had the focus or was unfolded stays so.
function show(html) {
  const focused = preview.contains(document.activeElement) ? document.activeElement.id : "";
  const unfolded = [...preview.querySelectorAll("details[open]")].map((part) => part.id);
  preview.innerHTML = html;
  for (const id of unfolded) document.getElementById(id)?.setAttribute("open", "");
  if (focused) document.getElementById(focused)?.focus();
  clearTimeout(telling);
  telling = setTimeout(tell, 1000);
}

function tell() {
  const gist = preview.querySelector("[data-told]")?.dataset.told ?? "";
  if (told.textContent !== gist) told.textContent = gist;
}

function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(() => refresh().catch(() => {}), 400);
}

// Replaces the dear characters in place; without scripts the button brings the form again with them replaced.
function replace(event) {
  const button = event.target.closest("[data-replacements]");
  if (!button) return;
  event.preventDefault();
  const plain = JSON.parse(button.dataset.replacements);
  const text = form.elements.text;
  text.value = [...text.value].map((character) => plain[character] ?? character).join("");
  text.focus();
  soon();
}

form.addEventListener("input", soon);
preview.addEventListener("click", replace);
if (!form.querySelector(".is-invalid")) soon();

for (const input of form.querySelectorAll("input[list]")) {
  const options = [...input.list.options];
  const values = options.map((option) => option.value);
  input.addEventListener("input", () => {
    const before = input.value.slice(0, input.value.lastIndexOf(",") + 1);
    options.forEach((option, at) => (option.value = before ? `${before} ${values[at]}` : values[at]));
  });
}
