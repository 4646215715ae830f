// Light or dark: as the system has it, or as this browser was told. Bootstrap wants it on the page's root, and before the
// first stroke; here and not in the page, since the policy allows no inline script.
const system = matchMedia("(prefers-color-scheme: dark)");
const root = document.documentElement;

function dress() {
  const chosen = localStorage.getItem("theme");
  root.dataset.bsTheme = chosen ?? (system.matches ? "dark" : "light");
  for (const button of document.querySelectorAll(".themes button"))
    button.setAttribute("aria-pressed", button.value === (chosen ?? ""));
}

function choose(theme) {
  if (theme) localStorage.setItem("theme", theme);
  else localStorage.removeItem("theme");
  dress();
}

dress();
system.addEventListener("change", dress);
document.addEventListener("DOMContentLoaded", () => {
  const switches = document.querySelector(".themes");
  switches.hidden = false; // without scripts there is nothing to switch
  switches.addEventListener("click", (event) => {
    if (event.target.matches("button")) choose(event.target.value);
  });
  dress();
});
