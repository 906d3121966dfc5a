// Whether the server was upgraded under this page: its start page then names another script than the one that runs here.

class Upgrade {
  there = $state(false);

  /** Asked whenever the server was away and is back. The page itself decides nothing: whoever types goes on. */
  async look() {
    const own = document.querySelector<HTMLScriptElement>('script[type="module"]')?.getAttribute("src");
    const page = await fetch("/", { cache: "no-store" }).then((answer) => (answer.ok ? answer.text() : ""), () => "");
    if (page && own && !page.includes(own)) this.there = true;
  }
}

export const upgrade = new Upgrade();
