// Logs in as an admin and lists the users, as Ketesa does: by its form, or at once with #user=NAME&password=PASSWORD.
"use strict";
const at = (id) => document.getElementById(id);

async function answer(url, options) {
  const found = await fetch(url, options);
  const body = await found.json().catch(() => ({}));
  if (!found.ok) throw new Error(`${found.status} ${body.errcode || ""}`);
  return body;
}

async function list(user, password) {
  at("state").textContent = "logging in";
  // Absolute: an address that holds a password, as some browsers keep it, is none that may be fetched.
  const { restrictBaseUrl: base } = await answer(`${location.origin}/config.json`);
  const session = await answer(`${base}/_matrix/client/v3/login`, {
    method: "POST",
    body: JSON.stringify({
      type: "m.login.password",
      identifier: { type: "m.id.user", user },
      password,
      initial_device_display_name: "panel",
    }),
  });
  const headers = { Authorization: `Bearer ${session.access_token}` };
  const { users } = await answer(`${base}/_synapse/admin/v2/users?from=0&limit=100`, { headers });
  for (const { name } of users) {
    const item = document.createElement("li");
    item.textContent = name;
    at("users").append(item);
  }
  at("state").textContent = `${users.length} users`;
  await answer(`${base}/_matrix/client/v3/logout`, { method: "POST", headers, body: "{}" });
}

function begin(user, password) {
  at("users").replaceChildren();
  list(user, password).catch((error) => (at("state").textContent = `failed: ${error.message}`));
}

at("login").addEventListener("submit", (event) => {
  event.preventDefault();
  begin(at("user").value, at("password").value);
});
const given = new URLSearchParams(location.hash.slice(1));
if (given.has("user")) begin(given.get("user"), given.get("password"));
