// Walks through the citizens' pages in a real browser and prints, as JSON, what axe-core and the eye of a narrow or
// zoomed window find wrong: node pages.mjs BASE_URL SLUG TOPIC_ID
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const [base, slug, topic] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const home = `${base}/t/${slug}`;
const form = `${home}/requests/new?topic=${topic}`;
const seen = [];

const browser = await chromium.launch({
  executablePath: process.env.CIVICDESK_TEST_CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});

// 320 CSS pixels are a window of 1280 at 400 %.
async function open(language, scripts) {
  const context = await browser.newContext({
    locale: language, javaScriptEnabled: scripts, viewport: { width: 320, height: 640 },
  });
  const page = await context.newPage();
  page.on('console', (said) => { if (said.type() === 'error' && !/status of 4/.test(said.text())) console.error(said.text()); });
  return page;
}

async function judge(page, language, state) {
  const lang = await page.evaluate(() => document.documentElement.lang);
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  const violations = found.violations.map((v) => `${v.id}: ${v.help} (${v.nodes.map((n) => n.target).join(' ')})`);
  if (lang !== language) violations.push(`the page is in ${lang}`);
  if (wide) violations.push('the page must be scrolled sideways at 320 pixels');
  seen.push({ state, language, violations, rules: found.passes.length });
}

// Every page and every state, each judged.
async function walk(language) {
  const page = await open(language, true);
  const go = async (state, url) => { await page.goto(url); await judge(page, language, state); };
  const send = () => Promise.all([page.waitForNavigation(), page.click('main button[type=submit]')]);
  await go('home', home);
  await go('choose', `${home}/requests/new`);
  await go('find', `${home}/requests/find`);
  await go('find, nothing typed', `${home}/requests/find?reference=`);
  await go('find, typed', `${home}/requests/find?reference=RIV-2026-000001`);
  await go('not found', `${home}/nothing`);
  await go('form, other', `${home}/requests/new?topic=other`);
  await go('form', form);
  await page.fill('#email', 'maria');
  await page.setInputFiles('#files', { name: 'lamp.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('light') });
  await send();
  await judge(page, language, 'form, refused');
  const focused = await page.evaluate(() => document.activeElement.className);
  if (focused !== 'errors') seen.at(-1).violations.push(`the focus is on "${focused}", not on the list of errors`);
  await page.fill('#email', 'maria@example.org');
  await page.fill('#fields-pole', '4711');
  await page.check('#fields-state-0');
  await send();
  await judge(page, language, 'received');
  await page.click('a.button');
  await judge(page, language, 'status');
  await send();
  await judge(page, language, 'status, refused');
  await page.fill('#text', 'The next lamp is out, too.');
  await send();
  await judge(page, language, 'status, added');
  await page.context().close();
}

// The whole trip with the keyboard alone, and without scripts.
async function type(language) {
  const page = await open(language, false);
  const answers = { 'fields-pole': '4712', 'fields-state-0': ' ', text: 'It is dark.', email: 'ana@example.org' };
  await page.goto(form);
  const tab = async (wanted) => {
    for (let presses = 0; presses < 80; presses++) {
      await page.keyboard.press('Tab');
      const on = await page.locator(':focus').first().getAttribute(wanted === 'submit' ? 'type' : 'id').catch(() => null);
      if (on === wanted) return;
    }
    throw new Error(`the keyboard does not reach ${wanted}`);
  };
  for (const [id, text] of Object.entries(answers)) {
    await tab(id);
    if (text === ' ') await page.keyboard.press('Space'); else await page.keyboard.type(text);
  }
  await tab('submit');
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
  const reference = await page.locator('.reference').textContent();
  seen.push({ state: 'keyboard alone, no scripts', language, violations: [], rules: 0, reference: reference.trim() });
  await page.context().close();
}

try {
  for (const language of ['en', 'es']) {
    await walk(language);
    await type(language);
  }
} finally {
  await browser.close();
}
console.log(JSON.stringify(seen));
