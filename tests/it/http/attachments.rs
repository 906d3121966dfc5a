//! /api/v1/attachments: files in and out, whole and proved.

use millwright::base::Digest;
use millwright::model::Role;
use serde_json::json;

use super::Site;

#[test]
fn a_file_comes_out_as_it_went_in_and_carries_its_digest() {
    let site = Site::on_disk();
    let mut lead = site.client(Role::Lead);
    lead.make("/api/v1/work-orders", &json!({"product_id": "BRACKET", "planned_quantity": 1}));
    let bytes: Vec<u8> = (0..300_000_u32).map(|at| u8::try_from(at * 7 % 251).unwrap()).collect();
    let path = "/api/v1/attachments?subject=WO-000001&file_name=drawing%20%22A%22.pdf&note=as%20built";
    let reply = lead.send("POST", path, &[("Content-Type", "application/pdf")], &bytes).unwrap();
    assert_eq!(reply.status, 201, "{}", reply.text());
    let row = reply.json();
    assert_eq!(row["sha256"], json!(Digest::of(&bytes).to_string()));
    assert_eq!((row["size_bytes"].as_u64(), row["content_type"].as_str()), (Some(300_000), Some("application/pdf")));
    let content = format!("/api/v1/attachments/{}/content", row["attachment_id"].as_str().unwrap());
    let out = site.client(Role::Operator).get(&content);
    assert_eq!((out.status, out.header("content-type")), (200, Some("application/pdf")));
    assert!(out.body == bytes, "the bytes changed on their way");
    assert!(out.header("content-disposition").unwrap().starts_with("attachment"), "a file must not open as a page of ours");
    let listed = lead.read("/api/v1/attachments?subject=WO-000001");
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    assert_eq!(site.stranger().get(&content).status, 401);
}

#[test]
fn a_file_that_cannot_be_attached_is_refused_and_leaves_nothing() {
    let site = Site::on_disk();
    let mut lead = site.client(Role::Lead);
    let before = site.plant.head();
    let huge = vec![b'x'; (25 << 20) + 1];
    let cases: [(&str, &[u8], u16, &str); 6] = [
        ("subject=WO-000001&file_name=a.txt", b"x", 404, "not_found"),
        ("subject=SUP-000001&file_name=a.txt", b"", 422, "invalid"),
        ("file_name=a.txt", b"x", 422, "invalid"),
        ("subject=SUP-000001", b"x", 422, "invalid"),
        ("subject=SUP-000001&file_name=a%0Ab.txt", b"x", 422, "invalid"),
        ("subject=SUP-000001&file_name=a.txt", &huge, 413, "too_large"),
    ];
    for (query, body, status, code) in cases {
        let reply = lead.send("POST", &format!("/api/v1/attachments?{query}"), &[("Content-Type", "text/plain")], body).unwrap();
        assert_eq!((reply.status, reply.code().as_str()), (status, code), "{query}: {}", reply.text());
    }
    assert_eq!(site.plant.head(), before);
    assert_eq!(lead.get("/api/v1/attachments/ATT-000001/content").status, 404);
}

#[test]
fn only_what_is_looked_at_is_shown_and_a_name_arrives_whole() {
    let site = Site::on_disk();
    let mut lead = site.client(Role::Lead);
    for (content_type, way, sandbox) in
        [("image/svg+xml", "inline", true), ("application/pdf", "inline", false), ("text/html", "attachment", true), ("image/svg+xml; charset=utf-8", "attachment", true)]
    {
        let reply = lead.send("POST", "/api/v1/attachments?subject=SUP-000001&file_name=Pr%C3%BCfplan%201.x", &[("Content-Type", content_type)], b"<svg/>").unwrap();
        let content = format!("/api/v1/attachments/{}/content", reply.json()["attachment_id"].as_str().unwrap());
        let shown = lead.get(&format!("{content}?inline=true"));
        assert_eq!(shown.header("content-disposition"), Some(format!("{way}; filename=\"Pr_fplan 1.x\"; filename*=UTF-8''Pr%C3%BCfplan%201.x").as_str()), "{content_type}");
        assert_eq!(shown.header("content-security-policy").is_some_and(|policy| policy.starts_with("sandbox; default-src 'none'")), sandbox, "{content_type}");
        assert_eq!(shown.header("x-content-type-options"), Some("nosniff"));
        let kept = lead.get(&content);
        assert!(kept.header("content-disposition").unwrap().starts_with("attachment; ") && kept.header("content-security-policy").is_some(), "{content_type}");
        assert_eq!(lead.get(&format!("{content}?inline=perhaps")).status, 422);
    }
}
