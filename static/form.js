// Refreshes the preview while one types, and lets a list of values offer the next value after a comma.
const form = document.querySelector("form[data-preview]");
const preview = document.getElementById("preview");
let waiting = 0;
let asked = 0;

async function refresh() {
  const mine = ++asked;
  const answer = await fetch(form.dataset.preview, {method: "POST", body: new FormData(form)});
  if (answer.ok && !answer.redirected && mine === asked) preview.innerHTML = await answer.text();
}

function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(() => refresh().catch(() => {}), 400);
}

form.addEventListener("input", soon);
if (!form.querySelector(".is-invalid")) soon();

for (const input of form.querySelectorAll("input[list]")) {
  const options = [...input.list.options];
  const values = options.map((option) => option.value);
  input.addEventListener("input", () => {
    const before = input.value.slice(0, input.value.lastIndexOf(",") + 1);
    options.forEach((option, at) => (option.value = before ? `${before} ${values[at]}` : values[at]));
  });
}
