// Walks through every state of the citizens' pages in a real browser, in each language, and tells what is wrong with each;
// then sends a request with the keyboard alone: node pages.mjs BASE_URL SLUG TOPIC_ID
import { done, tell } from './asking.mjs';
import { enter, judge, launch, look, open, tab } from './judge.mjs';
import { states } from './states.mjs';

const [base, slug, topic] = process.argv.slice(2);
const home = `${base}/t/${slug}`;
const browser = await launch();

async function walk(language) {
  const page = await open(browser, language, false);
  for (const [state, way] of states) {
    try {
      await way(page, { home, topic, language, other: `${base}/t/hillview` });
    } catch (broken) {
      throw new Error(`${language}, ${state}: ${broken.message}\n${await page.content()}`);
    }
    tell({ state, language, ...await judge(page, language) });
  }
  await page.context().close();
}

async function type(language) {
  const page = await open(browser, language, false);
  const answers = { 'fields-pole': '4712', 'fields-state-0': ' ', text: 'It is dark.', email: 'ana@example.org' };
  await page.goto(`${home}/requests/new?topic=${topic}`);
  for (const [id, text] of Object.entries(answers)) {
    await tab(page, `#${id}`);
    if (text === ' ') await page.keyboard.press('Space'); else await page.keyboard.type(text);
  }
  await tab(page, '[type=submit]');
  await enter(page);
  const reference = await page.locator('.reference').textContent();
  tell({ language, wrong: await look(page, language), reference: reference.trim() });
  await page.context().close();
}

try {
  for (const language of ['en', 'es']) {
    await walk(language);
    await type(language);
  }
} finally {
  await browser.close();
  done();
}
