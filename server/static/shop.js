// What is nicer with a script: things go into the cart without a new page, and the theme acts at
// once. Everything works without it, by the same forms.

const status = document.querySelector("[data-status]");
let clearing;

function say(message, isProblem = false) {
  clearTimeout(clearing);
  status.textContent = message;
  status.classList.toggle("warn", isProblem);
  clearing = setTimeout(() => { status.textContent = ""; }, 6000);
}

// Sends fields to a path of our own; returns what is answered, or says what went wrong.
async function send(path, fields) {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(fields),
    });
    const answer = await response.json();
    if (response.ok) {
      if (answer.session_ended) tellThatAnotherBegan();
      return answer;
    }
    const { message, fields: wrong } = answer.error;
    say(wrong ? Object.values(wrong).join(" ") : message, true);
  } catch {
    say("The shop does not answer right now. Please try again.", true);
  }
  return null;
}

function tellThatAnotherBegan() {
  const told = document.createElement("p");
  told.className = "banner";
  told.textContent = "Your session has ended. What was in it is gone, and a new one has begun with what you just did.";
  document.querySelector("[data-news]").replaceChildren(told);
  document.querySelector("[data-ended]")?.remove();
}

function showCart(cart) {
  const count = document.querySelector("[data-cart-count]");
  count.textContent = cart.items.reduce((sum, item) => sum + item.quantity, 0);
  count.hidden = cart.items.length === 0;
  for (const { sku, quantity } of cart.items) {
    const there = document.getElementById(sku)?.querySelector("[data-there]");
    if (!there) continue;
    there.querySelector("span").textContent = quantity;
    there.hidden = false;
  }
  showLines(cart);
}

const money = (cents) =>
  `€ ${Math.floor(cents / 100).toLocaleString("en")}.${String(cents % 100).padStart(2, "0")}`;

function line(words, cents) {
  const [item, price] = [document.createElement("span"), document.createElement("span")];
  item.textContent = words;
  price.textContent = money(cents);
  price.className = "price";
  return [item, price];
}

function showLines({ items, total }) {
  const summary = document.querySelector("[data-cart]");
  if (!summary) return;
  const shown = items.slice(0, 6).map(({ name, quantity, price }) => {
    const entry = document.createElement("li");
    entry.append(...line(`${quantity} × ${name}`, price * quantity));
    return entry;
  });
  if (items.length > 6) {
    const more = document.createElement("li");
    more.className = "muted";
    more.textContent = `and ${items.length - 6} more`;
    shown.push(more);
  }
  summary.querySelector(".lines").replaceChildren(...shown);
  summary.querySelector(".total").replaceChildren(...line("Total", total));
  summary.querySelector("[data-empty]").hidden = items.length > 0;
  summary.querySelector(".total").hidden = items.length === 0;
}

for (const form of document.querySelectorAll("[data-add]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { sku, quantity } = Object.fromEntries(new FormData(form));
    const cart = await send("/cart", { sku, quantity: Number(quantity) });
    if (!cart) return;
    showCart(cart);
    say(`${form.dataset.add} is in your cart.`);
  });
}

for (const choice of document.querySelectorAll("[data-preferences] [name=theme]")) {
  choice.addEventListener("change", async () => {
    const { theme } = document.documentElement.dataset;
    document.documentElement.dataset.theme = choice.value;
    if (await send("/preferences", { theme: choice.value })) say("The theme is saved.");
    else document.documentElement.dataset.theme = theme;
  });
}
