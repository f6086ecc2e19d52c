// Somebody forgot the password and gets in again, in a real browser, at 320 pixels and by keyboard alone:
// node trip.mjs BASE_URL SLUG ADDRESS PASSWORD with|without
// Asks for the code, and tells of each page what is wrong with it and how long its answer took.
import { ask, done, tell } from './asking.mjs';
import { enter, launch, look, open, tab } from './judge.mjs';

const [base, slug, address, password, scripts] = process.argv.slice(2);
const browser = await launch();
const page = await open(browser, 'en', scripts === 'with');
let spent = 0;
page.on('requestfinished', (request) => { const t = request.timing(); spent += t.responseEnd - t.requestStart; });

async function arrived(state, words) {
  const wrong = await look(page, 'en');
  const title = await page.locator('h1').textContent();
  if (!title.includes(words)) wrong.push(`the page says "${title}"`);
  tell({ state, wrong, spent: Math.round(spent), url: page.url() });
}

async function type(blanks) {
  for (const [id, text] of Object.entries(blanks)) {
    await tab(page, `#${id}`);
    await page.keyboard.type(text);
  }
  await enter(page);
}

try {
  await page.goto(`${base}/t/${slug}/recover`);
  await arrived('ask', 'password');
  await type({ identifier: address });
  await arrived('code', 'messages');
  await type({ code: await ask({ code: address, number: 2 }), password });
  await arrived('done', 'password');
} finally {
  await browser.close();
  done();
}
