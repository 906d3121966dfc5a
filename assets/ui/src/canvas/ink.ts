// What canvases take from the style sheet: the colour of a token in the present theme, and how wide a text is.

const probe = document.createElement("i");
probe.hidden = true;
// A device that forces its own few colours would answer one for all of them.
probe.style.setProperty("forced-color-adjust", "none");

export function ink(token: string): string {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(--${token})`;
  return getComputedStyle(probe).color;
}

/** On the page, since a canvas takes the features of its font, such as figures of one width, from where it stands. */
const ruler = document.createElement("canvas");
ruler.hidden = true;

export function textWidth(font: string, text: string): number {
  if (!ruler.isConnected) document.body.append(ruler);
  const brush = ruler.getContext("2d")!;
  brush.font = `${font} ${fontFamily()}`;
  return Math.ceil(brush.measureText(text).width);
}

export const fontFamily = () => getComputedStyle(document.body).fontFamily;
