//! Lists the files of the built interface, which `src/adapters/http/ui.rs` takes into the binary. It
//! does not build them: that is npm's work, and without it the list is empty.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

const UI: &str = "assets/ui";
const DIST: &str = "assets/ui/dist";

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let is_built = ["index.html.gz", "sw.js.gz"].iter().all(|file| root.join(DIST).join(file).is_file());
    // A path that is missing would build everything anew each time.
    println!("cargo:rerun-if-changed={}", if is_built { DIST } else { UI });
    println!("cargo:rerun-if-env-changed=MILLWRIGHT_REQUIRE_UI");
    if !is_built && env::var_os("MILLWRIGHT_REQUIRE_UI").is_some() {
        return Err("the interface is not built: run `npm ci && npm run build` in assets/ui".into());
    }
    let mut list = String::from("&[\n");
    if is_built {
        for file in files(&root.join(DIST))? {
            let name = file.file_name().and_then(|name| name.to_str()).ok_or("a file's name is not UTF-8")?;
            writeln!(list, "    ({name:?}, include_bytes!({:?})),", file.display().to_string())?;
        }
    }
    list.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("ui.rs"), list)?;
    Ok(())
}

/// The page, its service worker and its parts, which have names of their own by their hashes.
fn files(dist: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = vec![dist.join("index.html.gz"), dist.join("sw.js.gz")];
    for entry in fs::read_dir(dist.join("assets"))? {
        found.push(entry?.path());
    }
    found.sort();
    Ok(found)
}
