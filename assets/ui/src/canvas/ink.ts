// Colours for canvases: a token of the style sheet as the colour it has in the present theme.

const probe = document.createElement("i");
probe.hidden = true;

export function ink(token: string): string {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(--${token})`;
  return getComputedStyle(probe).color;
}

export const fontFamily = () => getComputedStyle(document.body).fontFamily;
