// Looks at HTML reports in a browser: violations of axe-core (WCAG 2.2 A and AA, best practice) at 1200 and 400 px, light and
// dark; whether a page scrolls sideways; and how many pages it prints to. One line for each report; what is wrong follows.
//
//   node check.mjs FOLDER [--screenshots FOLDER] [--browser PATH]
//
// FOLDER has NAME.html and NAME.txt (the short text). Exit code 1 when a page has violations, scrolls sideways at 400 px, or
// prints to more pages than two for each finding, and four for up to two.
import {readFileSync, readdirSync, mkdirSync, existsSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join, resolve} from 'node:path';
import {pathToFileURL} from 'node:url';
import {parseArgs} from 'node:util';
import {chromium} from 'playwright-core';

const {values, positionals} = parseArgs({
  allowPositionals: true,
  options: {screenshots: {type: 'string'}, browser: {type: 'string', default: process.env.CHROMIUM ?? '/usr/bin/chromium'}},
});
const folder = positionals[0];
if (!folder) {
  console.error('usage: node check.mjs FOLDER [--screenshots FOLDER] [--browser PATH]');
  process.exit(2);
}
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const views = [];
for (const width of [1200, 400]) for (const colorScheme of ['light', 'dark']) views.push({width, colorScheme});

// look opens a page in one view, and says what is wrong with it there.
async function look(browser, file, name, {width, colorScheme}) {
  const context = await browser.newContext({viewport: {width, height: 900}, colorScheme, bypassCSP: true, offline: true});
  try {
    const page = await context.newPage();
    await page.goto(pathToFileURL(resolve(file)).href);
    await page.evaluate(axe);
    const {violations} = await page.evaluate(() => globalThis.axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}));
    const wrong = violations.map(v => `${v.id} (${v.impact}, ${v.nodes.length}): ${v.nodes[0].target.join(' ')}`);
    const scroll = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (scroll > 0) wrong.push(`scrolls sideways by ${scroll} px`);
    if (values.screenshots) {
      mkdirSync(values.screenshots, {recursive: true});
      await page.screenshot({path: join(values.screenshots, `${name}-${width}-${colorScheme}.png`), fullPage: true});
    }
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    return {wrong: wrong.map(w => `${width} px ${colorScheme}: ${w}`), height};
  } finally {
    await context.close();
  }
}

// printed counts the A4 pages of a report, and its findings.
async function printed(browser, file) {
  const context = await browser.newContext({offline: true});
  try {
    const page = await context.newPage();
    await page.goto(pathToFileURL(resolve(file)).href);
    const findings = await page.locator('article.card h3 .id').count();
    const pdf = (await page.pdf({format: 'A4'})).toString('latin1');
    return {pages: (pdf.match(/\/Type\s*\/Page\b/g) ?? []).length, findings};
  } finally {
    await context.close();
  }
}

const lines = file => existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').length : '-';
const browser = await chromium.launch({executablePath: values.browser, args: ['--no-sandbox']});
let bad = 0;
console.log('report               lines  findings  pages  px at 1200  px at 400  wrong');
for (const file of readdirSync(folder).filter(f => f.endsWith('.html')).sort()) {
  const name = file.replace(/\.html$/, '');
  const path = join(folder, file);
  const {pages, findings} = await printed(browser, path);
  const wrong = [], heights = [];
  for (const view of views) {
    const seen = await look(browser, path, name, view);
    wrong.push(...seen.wrong);
    heights.push(seen.height);
  }
  if (pages > Math.max(4, 2 * findings)) wrong.push(`prints to ${pages} pages`);
  console.log([name.padEnd(20), String(lines(join(folder, `${name}.txt`))).padStart(5), String(findings).padStart(9), String(pages).padStart(6),
    String(heights[0]).padStart(11), String(heights[2]).padStart(10), String(wrong.length).padStart(6)].join(' '));
  for (const w of wrong) console.log(`    ${w}`);
  bad += wrong.length;
}
await browser.close();
process.exit(bad ? 1 : 0);
