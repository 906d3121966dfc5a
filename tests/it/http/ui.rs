//! `/` and `/assets/{file}`: the interface as it was built in, or the plain page that says how to get it.
#![allow(clippy::print_stdout)]

use std::io::Read as _;

use flate2::read::GzDecoder;

use super::Site;

/// What a page names of ours.
fn parts(html: &str) -> Vec<String> {
    html.split('"').filter(|part| part.starts_with("/assets/")).map(str::to_owned).collect()
}

#[test]
fn the_page_runs_no_script_but_its_own_files_and_asks_nobody_else() {
    let site = Site::new();
    let page = site.stranger().get("/");
    let policy = page.header("content-security-policy").unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self';") && !policy.contains("unsafe"), "{policy}");
    let html = page.text();
    assert!(html.split("<script").skip(1).all(|script| script.contains("src=\"/assets/")), "a script stands in the page itself");
    assert!(!html.contains("http://") && !html.contains("https://"), "the page names another server");
    assert!(!parts(&html).is_empty());
}

#[test]
fn a_part_is_kept_for_ever_and_is_the_same_packed_and_unpacked() {
    let site = Site::new();
    let mut stranger = site.stranger();
    for part in parts(&stranger.get("/").text()) {
        let plain = stranger.get(&part);
        let packed = stranger.send("GET", &part, &[("Accept-Encoding", "gzip")], &[]).unwrap();
        if part == "/assets/start.css" {
            // Without a built interface the plain page has one part, whose name never changes.
            assert_eq!(plain.header("cache-control"), Some("no-store"));
            continue;
        }
        assert_eq!(plain.header("cache-control"), Some("public, max-age=31536000, immutable"), "{part}");
        assert_eq!((plain.header("content-encoding"), packed.header("content-encoding")), (None, Some("gzip")), "{part}");
        let mut unpacked = String::new();
        GzDecoder::new(packed.body.as_slice()).read_to_string(&mut unpacked).unwrap();
        assert_eq!(unpacked, plain.text(), "{part}");
    }
    assert_eq!(stranger.get("/assets/index-00000000.js").code(), "not_found");
}

#[test]
fn the_worker_keeps_the_page_and_parts_that_there_are_and_is_never_kept_itself() {
    let site = Site::new();
    let mut stranger = site.stranger();
    let worker = stranger.get("/sw.js");
    if worker.status == 404 {
        println!("skipped: the interface is not built into this binary");
        return;
    }
    assert_eq!((worker.header("content-type"), worker.header("cache-control")), (Some("text/javascript; charset=utf-8"), Some("no-cache")));
    let text = worker.text();
    let kept: Vec<&str> = text.lines().nth(1).unwrap().split('"').filter(|part| part.starts_with('/')).collect();
    assert!(kept.contains(&"/") && kept.len() > 10, "{kept:?}");
    for part in kept {
        assert_eq!(stranger.get(part).status, 200, "{part}");
    }
}
