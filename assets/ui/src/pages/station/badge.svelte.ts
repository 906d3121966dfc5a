// Whose badge was shown last at this station; it says who starts and goes on, and is kept until another is shown.
const KEPT = "badge";

class Badge {
  code = $state(localStorage.getItem(KEPT) ?? "");

  show(code: string) {
    this.code = code.trim();
    localStorage.setItem(KEPT, this.code);
  }
}

export const badge = new Badge();
