// A browser whose pages run no scripts, and what is wrong with a page of it: by axe-core, by HTML_CodeSniffer, and to the
// eye of somebody with a narrow or zoomed window.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const source = (path) => readFileSync(createRequire(import.meta.url).resolve(path), 'utf8');
const axe = source('axe-core/axe.min.js');
const sniffer = source('html_codesniffer/build/HTMLCS.js');

export const launch = () => chromium.launch({
  executablePath: process.env.CIVICDESK_TEST_CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});

// 320 CSS pixels are a window of 1280 at 400 %. Each browser comes from a network of its own; all hosts that a page asked
// are noted.
let networks = 0;
export const hosts = new Set();
export async function open(browser, language, scripts) {
  networks += 1;
  const context = await browser.newContext({
    locale: language, javaScriptEnabled: scripts, viewport: { width: 320, height: 640 },
    extraHTTPHeaders: { 'x-forwarded-for': `12.${networks >> 8}.${networks & 255}.7` },
  });
  const page = await context.newPage();
  page.on('request', (asked) => hosts.add(new URL(asked.url()).host));
  page.on('console', (said) => { if (said.type() === 'error' && !/status of 4/.test(said.text())) console.error(said.text()); });
  return page;
}

// What is wrong with the page, in words; and how many rules looked at it.
export async function judge(page, language) {
  const wrong = await look(page, language);
  // Where pages run no scripts no timer fires either; the judges wait for nothing that takes time.
  await page.evaluate(() => {
    window.setTimeout = (work, after = 0, ...given) => { if (after < 100) Promise.resolve().then(() => work(...given)); return 0; };
  });
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run(document, {
    resultTypes: ['violations'], rules: { 'target-size': { enabled: true } },
  }));
  wrong.push(...found.violations.map((v) => `axe, ${v.id}: ${v.help} (${v.nodes.map((n) => n.target).join(' ')})`));
  await page.evaluate(sniffer);
  wrong.push(...await page.evaluate(() => new Promise((done) => {
    const error = (m) => m.type === HTMLCS.ERROR;
    const words = (m) => `HTML_CodeSniffer, ${m.code}: ${m.msg} (${m.element.outerHTML?.slice(0, 200)})`;
    // Of some errors it cannot even speak: a sentence of its own is missing.
    try {
      HTMLCS.process('WCAG2AA', document, () => done(HTMLCS.getMessages().filter(error).map(words)));
    } catch (broken) {
      done([`HTML_CodeSniffer broke off: ${broken.stack}`]);
    }
  })));
  return { wrong, rules: found.passes.length };
}

// What needs no rules: the language, the width, where the reader is led when something is wrong.
export async function look(page, language) {
  // The browser sets the focus with its first picture of the page.
  const led = () => page.evaluate(() => !document.querySelector('.errors') || document.activeElement.matches('.errors'));
  for (let tries = 0; tries < 100 && !await led(); tries++) await new Promise((later) => setTimeout(later, 20));
  const seen = await page.evaluate(() => ({
    lang: document.documentElement.lang,
    wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    errors: document.querySelector('.errors') !== null,
    focused: document.activeElement.className,
    scripts: document.querySelectorAll('script').length,
  }));
  const wrong = [];
  if (seen.lang !== language) wrong.push(`the page is in ${seen.lang}`);
  if (seen.wide) wrong.push('the page must be scrolled sideways at 320 pixels');
  if (seen.errors && seen.focused !== 'errors') wrong.push(`the focus is on "${seen.focused}", not on the list of errors`);
  const foreign = [...hosts].filter((host) => host !== new URL(page.url()).host);
  if (foreign.length) wrong.push(`something was loaded from ${foreign}`);
  if (seen.scripts) wrong.push(`${seen.scripts} scripts`);
  return wrong;
}

// Presses Tab until the focus is on what fits the selector.
export async function tab(page, selector) {
  for (let presses = 0; presses < 80; presses++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) return;
  }
  throw new Error(`the keyboard does not reach ${selector} of ${page.url()}`);
}

// Sends the form that has the focus, or follows the link.
export const enter = (page) => Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
