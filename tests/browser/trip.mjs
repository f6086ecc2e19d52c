// Somebody forgot the password and gets in again, in a real browser, at 320 pixels and by keyboard alone:
// node trip.mjs BASE_URL SLUG ADDRESS PASSWORD code|link|given with|without
// `given`: somebody else has started it, and the letter says where the code is typed. Asks for the letter, and tells of each
// page what is wrong with it and how long its answers took.
import { ask, done, tell } from './asking.mjs';
import { enter, launch, look, open, tab } from './judge.mjs';

const [base, slug, address, password, way, scripts] = process.argv.slice(2);
const home = `${base}/t/${slug}`;
const browser = await launch();
const page = await open(browser, 'en', scripts === 'with');
const asked = [];
let spent = 0;
page.on('request', (request) => asked.push(`${request.url()} ${request.headers().referer ?? ''}`));
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
  if (way !== 'given') {
    await page.goto(`${home}/sign-in`);
    await arrived('sign in', 'Sign in');
    await tab(page, 'a[href$="/recover"]');
    await enter(page);
    await arrived('ask', 'new password');
    await type({ identifier: address });
    await arrived('code', 'Check your messages');
  }
  const letter = await ask({ to: address, number: 2 });
  if (way === 'link') {
    await page.goto(letter.link);
    await arrived('new', 'Choose a new password');
    await type({ password });
    const secret = letter.link.split('/').pop();
    const told = asked.filter((request) => request.includes(secret)).length;
    if (told !== 1) throw new Error(`the link's secret was told ${told} times`);
  } else {
    if (way === 'given') {
      await page.goto(letter.page);
      await arrived('code', 'Check your messages');
    }
    await type({ code: letter.code, password });
  }
  await arrived('done', 'password');
  await tab(page, 'main a');
  await enter(page);
  await arrived('home', 'like to do');
  await tab(page, 'a[href$="/account"]');
  await enter(page);
  await arrived('sign in again', 'Sign in');
  await type({ identifier: address, password });
  await arrived('account', 'Your account');
} finally {
  await browser.close();
  done();
}
