// How this browser likes to see the plant: its theme, kept between visits.

export const THEMES = ["auto", "light", "dark", "contrast"] as const;
export type Theme = (typeof THEMES)[number];

class Look {
  theme = $state<Theme>(kept());

  choose(theme: Theme) {
    this.theme = theme;
    localStorage.setItem("theme", theme);
    this.apply();
  }

  apply() {
    document.documentElement.dataset.theme = this.theme;
  }
}

function kept(): Theme {
  const told = localStorage.getItem("theme");
  return THEMES.find((theme) => theme === told) ?? "auto";
}

export const look = new Look();
