// Swaps the live parts of a page every two seconds while somebody can see them.
const PAUSE = 2000;

for (const part of document.querySelectorAll("[data-live]")) {
  let tag = "";
  const refresh = async () => {
    if (document.visibilityState !== "visible") return;
    const answer = await fetch(part.dataset.live, {headers: tag ? {"If-None-Match": tag} : {}, cache: "no-store"});
    if (answer.redirected) location.reload(); // signed out meanwhile
    if (answer.status !== 200) return; // 304: nothing is new
    tag = answer.headers.get("ETag");
    swap(part, await answer.text());
  };
  const again = () => refresh().catch(() => {}).then(() => setTimeout(again, PAUSE));
  setTimeout(again, PAUSE);
}

function swap(part, html) {
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  const open = [...part.querySelectorAll("details[open][id]")].map((each) => each.id);
  part.innerHTML = html;
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (focused) document.getElementById(focused)?.focus();
}
