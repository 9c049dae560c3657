// A kind of one's own: the answer comes as one types.

const EXAMPLES = Object.fromEntries(DATA.examples.map((example) => [example.name, example]));
let typed = 0;

async function place() {
  const form = $("#kind");
  const mine = ++typed;
  const kind = { name: form.elements.name.value, size: Number(form.elements.size.value) };
  for (const box of form.querySelectorAll("[type=checkbox]")) kind[box.name] = box.checked;
  try {
    const answer = RECORDED ? EXAMPLES[kind.name]?.answer : await ask("/kind", kind);
    if (mine === typed && answer) showAnswer(kind.name, answer);
  } catch (error) {
    if (mine === typed) $("#answer").replaceChildren(make("p", { class: "banner" }, error.message));
  }
}

function showAnswer(name, { tier, sentences }) {
  $("#answer").replaceChildren(make("h2", {}, name), ...belongs(tier, sentences));
}

function fillIn({ name, size, needs }) {
  const form = $("#kind");
  form.elements.name.value = name;
  form.elements.size.value = size;
  for (const box of form.querySelectorAll("[type=checkbox]")) box.checked = needs.includes(box.name);
  place();
}

$("#kind").addEventListener("input", place);
$("#kind").addEventListener("submit", (event) => event.preventDefault());
for (const button of all("[data-example]")) button.addEventListener("click", () => fillIn(EXAMPLES[button.dataset.example]));
if (RECORDED) for (const field of all("#kind input")) field.disabled = true;
fillIn(DATA.examples.find(({ name }) => name === "voucher"));
