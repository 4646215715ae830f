// Starts Swagger UI. No address is taken from the query, no validator elsewhere is asked, and no token is kept.
const documentation = document.getElementById("documentation");
const system = matchMedia("(prefers-color-scheme: dark)");

// The theme of the pages (theme.js), by the name that Swagger UI has for it.
function dress() {
  const theme = localStorage.getItem("theme") ?? (system.matches ? "dark" : "light");
  document.documentElement.classList.toggle("dark-mode", theme === "dark");
}

dress();
system.addEventListener("change", dress);

SwaggerUIBundle({
  domNode: documentation,
  url: documentation.dataset.specification,
  validatorUrl: null,
  queryConfigEnabled: false,
  persistAuthorization: false,
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
});
