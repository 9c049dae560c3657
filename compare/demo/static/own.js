// Something of one's own: the answer comes as one types.

const EXAMPLES = Object.fromEntries(DATA.examples.map((example) => [example.name, example]));
let typed = 0;

async function place() {
  const form = $("#kind");
  const mine = ++typed;
  const name = form.elements.name.value;
  const needs = { size: Number(form.elements.size.value) };
  for (const box of form.querySelectorAll("[type=checkbox]")) needs[box.name] = box.checked;
  try {
    const answer = await ask("/kind", needs);
    if (mine === typed) showAnswer(name, answer);
  } catch (error) {
    if (mine === typed) $("#answer").replaceChildren(make("p", { class: "banner" }, error.message));
  }
}

function showAnswer(name, { tier, sentences }) {
  $("#answer").replaceChildren(make("h2", {}, name || "Yours"), ...belongs(tier, sentences));
}

function fillIn({ label, size, needs, answer }) {
  const form = $("#kind");
  typed++; // whatever is still asked is not about this
  form.elements.name.value = label;
  form.elements.size.value = size;
  for (const box of form.querySelectorAll("[type=checkbox]")) box.checked = needs.includes(box.name);
  showAnswer(label, answer);
}

$("#kind").addEventListener("input", place);
$("#kind").addEventListener("submit", (event) => event.preventDefault());
for (const button of all("[data-example]")) {
  button.addEventListener("click", () => {
    fillIn(EXAMPLES[button.dataset.example]);
    $("#answer").scrollIntoView({ block: "nearest" });
  });
}
if (RECORDED) for (const field of all("#kind input")) field.disabled = true;
fillIn(DATA.examples[0]);
