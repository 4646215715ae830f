// Starts Swagger UI. No address is taken from the query, and no validator elsewhere is asked.
const documentation = document.getElementById("documentation");

SwaggerUIBundle({
  domNode: documentation,
  url: documentation.dataset.specification,
  validatorUrl: null,
  queryConfigEnabled: false,
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
});
