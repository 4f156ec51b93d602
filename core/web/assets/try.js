// The forms of the reference send their request, and show what is answered.
"use strict";
const SHOWN = 100000;
const token = document.getElementById("token");
if (token) token.hidden = false;
for (const form of document.querySelectorAll("form.try")) {
  const output = form.querySelector("pre");
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    output.hidden = false;
    output.textContent = "…";
    const sent = token.value.trim();
    try {
      const url = new URL(form.elements.address.value, location.href);
      if (url.origin !== location.origin) throw new Error("The address is of another service.");
      const response = await fetch(url, { headers: sent ? { Authorization: `Bearer ${sent}` } : {} });
      let text = await response.text();
      if (/json/.test(response.headers.get("Content-Type") || "")) text = JSON.stringify(JSON.parse(text), null, 2);
      const more = text.length > SHOWN ? `\n… ${text.length - SHOWN} more characters` : "";
      output.textContent = `${response.status} ${response.headers.get("Content-Type") || ""}\n\n${text.slice(0, SHOWN)}${more}`;
    } catch (error) {
      output.textContent = error.message;
    }
  });
}
