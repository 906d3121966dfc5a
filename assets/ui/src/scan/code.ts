// What a scanner read, taken apart: GS1 elements, a GS1 Digital Link, or a plain code. Only what our labels carry is kept; the rest of
// a code must still be well formed, for half a code is no code.

export interface Read {
  /** As it was read, without the scanner's own signs. */
  code: string;
  gtin?: string;
  lot?: string;
  serial?: string;
  sscc?: string;
  count?: number;
}

/** FNC1, as scanners send it between elements of a length that varies. */
const FNC1 = "\u001d";
const LONGEST = 500;
/** Before the data: which symbology it was (ISO/IEC 15424), of Code 128, DataMatrix, QR and DataBar. */
const SYMBOLOGY = /^\](C1|d2|Q3|e0)/;

/** Elements by their application identifier: digits exactly, or up to so many signs. */
const FIXED: Record<string, number> = { "00": 18, "01": 14, "02": 14, "11": 6, "12": 6, "13": 6, "15": 6, "16": 6, "17": 6 };
const VARYING: Record<string, number> = { "10": 20, "21": 20, "22": 20, "30": 8, "37": 8 };
const NAMES: Record<string, "gtin" | "lot" | "serial" | "sscc"> = { "00": "sscc", "01": "gtin", "10": "lot", "21": "serial" };

/** Takes a code apart; `undefined` is garbage: nothing, control signs, or a GS1 code that is not whole. */
export function take(raw: string): Read | undefined {
  const said = SYMBOLOGY.test(raw);
  const code = raw.replace(SYMBOLOGY, "").trim();
  if (!code || code.length > LONGEST) return undefined;
  if (/^https?:\/\//i.test(code)) return digitalLink(code) ?? { code };
  const bracketed = /^\(\d{2}\)/.test(code);
  const elements = bracketed ? code.replace(/\((\d{2})\)/g, (_, ai: string, at: number) => (at ? FNC1 : "") + ai) : code;
  const gs1 = said || bracketed || code.includes(FNC1) || /^01\d{14}/.test(code);
  const found = gs1 ? gs1Elements(elements.startsWith(FNC1) ? elements.slice(1) : elements) : undefined;
  if (found) return { code, ...found };
  // A number of ours may begin like a GS1 code; one that says it is GS1 and is not is garbage.
  if (said || bracketed || /[\u0000-\u001f\u007f\ufffd]/.test(code)) return undefined;
  return { code };
}

type Elements = Omit<Read, "code">;

function gs1Elements(text: string): Elements | undefined {
  if (!text) return undefined;
  const found: Elements = {};
  let rest = text;
  while (rest) {
    const ai = rest.slice(0, 2);
    const fixed = FIXED[ai];
    const varying = VARYING[ai];
    const end = rest.indexOf(FNC1);
    const content = fixed ? rest.slice(2, 2 + fixed) : varying ? rest.slice(2, end < 0 ? undefined : end) : undefined;
    if (!content || !keep(found, ai, content)) return undefined;
    rest = rest.slice(2 + content.length);
    if (rest.startsWith(FNC1)) rest = rest.slice(1);
  }
  return found;
}

function keep(found: Elements, ai: string, content: string): boolean {
  const fixed = FIXED[ai];
  if (fixed && !new RegExp(`^\\d{${fixed}}$`).test(content)) return false;
  if (!fixed && (content.length > (VARYING[ai] ?? 0) || !/^[!-z]+$/.test(content))) return false;
  if ((ai === "00" || ai === "01") && !checked(content)) return false;
  if (ai === "37") {
    if (!/^\d+$/.test(content)) return false;
    found.count = Number(content);
  }
  const name = NAMES[ai];
  if (name) found[name] = content;
  return true;
}

/** Whether the last digit is the check digit of the others (GS1 General Specifications 7.9). */
export function checked(digits: string): boolean {
  const sum = [...digits].reverse().reduce((all, digit, at) => all + Number(digit) * (at % 2 ? 3 : 1), 0);
  return sum % 10 === 0;
}

/** `https://id.example/01/09506000134352/10/ABC?37=5`; `undefined` for any other address. */
function digitalLink(address: string): Read | undefined {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return undefined;
  }
  const words = url.pathname.split("/").filter(Boolean).map(decodeURIComponent);
  const begin = words.findIndex((word, at) => (word === "01" || word === "00") && at + 1 < words.length);
  if (begin < 0) return undefined;
  const pairs: [string, string][] = [...url.searchParams].filter(([name]) => /^\d{2}$/.test(name));
  for (let at = begin; at + 1 < words.length; at += 2) pairs.push([words[at]!, words[at + 1]!]);
  const found: Elements = {};
  const whole = pairs.every(([ai, content]) => !(ai in FIXED || ai in VARYING) || keep(found, ai, ai === "01" ? content.padStart(14, "0") : content));
  return whole ? { code: address, ...found } : undefined;
}
