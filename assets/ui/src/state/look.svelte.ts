// How this browser likes to see the plant: its theme, kept between visits, and what the device itself asks for.
import { MediaQuery } from "svelte/reactivity";

export const THEMES = ["auto", "light", "dark", "contrast"] as const;
export type Theme = (typeof THEMES)[number];

const dark = new MediaQuery("(prefers-color-scheme: dark)");
const contrast = new MediaQuery("(prefers-contrast: more)");
/** The device paints text and controls in its own few colours; charts then take those of high contrast. */
const forced = new MediaQuery("(forced-colors: active)");

class Look {
  theme = $state<Theme>(kept());

  /** Differs whenever the colours do: what is painted rather than styled reads it to be painted anew. */
  get inks(): string {
    return `${this.#shown} ${dark.current}`;
  }

  get #shown(): Theme {
    return forced.current || (this.theme === "auto" && contrast.current) ? "contrast" : this.theme;
  }

  choose(theme: Theme) {
    this.theme = theme;
    localStorage.setItem("theme", theme);
    this.apply();
  }

  apply() {
    document.documentElement.dataset.theme = this.#shown;
  }
}

function kept(): Theme {
  const told = localStorage.getItem("theme");
  return THEMES.find((theme) => theme === told) ?? "auto";
}

export const look = new Look();
